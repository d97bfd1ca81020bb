// A build whose files are all there at once: written one by one, they would come in as many batches as the
// machine pauses in between.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './cleanup.ts';

/** Puts a directory of that name, with these files, all empty, into the root by one rename. */
export function placeBuild(root: string, name: string, files: readonly string[]): void {
  const directory = join(temporaryDirectory(), name);
  mkdirSync(directory);
  for (const file of files) writeFileSync(join(directory, file), '');
  renameSync(directory, join(root, name));
}

/** `0.js`, `1.js`, and so on. */
export function scriptNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index}.js`);
}
