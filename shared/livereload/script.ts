// The reference client, as its package has it: scripts/build.ts puts the file beside the bundles.
import { readFile } from 'node:fs/promises';

/** The bytes of `livereload.js`. */
export function readScript(): Promise<Buffer> {
  return readFile(new URL('./livereload.js', import.meta.url));
}
