// Scripts that tests run as processes of their own. Bundled once, each starts as fast as Node does; with a loader
// of TypeScript each start would cost four times that.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { afterAll } from '@jest/globals';
import { buildSync } from 'esbuild';

/** By the path of the source; they are of use until the last test of a file is over. */
const programs = new Map<string, string>();
let directory: string | undefined;

afterAll(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true });
});

/** Bundles a script, unless it was before; returns the program, a file for Node to run. */
export function bundled(script: string): string {
  const made = programs.get(script);
  if (made !== undefined) return made;
  directory ??= mkdtempSync(join(tmpdir(), 'devagent-test-programs-'));
  const program = join(directory, `${parse(script).name}.mjs`);
  buildSync({
    entryPoints: [script],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // CommonJS packages inside an ES module still call require() for Node's own modules.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  programs.set(script, program);
  return program;
}
