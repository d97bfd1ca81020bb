// The declarations of devagent/client: what tsc makes of shared/client/, without what no user's file leads to, in
// one folder of the package that imports nothing from outside itself.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const entries = ['node', 'browser'];
const relativeImport = /(from |import\()'(\.[^']+)\.ts'/g;
/** `Symbol.asyncDispose` is of no released ECMAScript. */
const head = '/// <reference lib="esnext.disposable" />\n';

/** Writes the declarations into `directory`. */
export async function writeClientTypes(directory: string): Promise<void> {
  const emitted = mkdtempSync(join(tmpdir(), 'devagent-types-'));
  try {
    await promisify(execFile)(process.execPath, [
      'node_modules/typescript/bin/tsc',
      ...['-p', 'shared/client/tsconfig.json'],
      ...['--outDir', emitted],
    ]).catch((error: { stdout?: string }) => {
      throw new Error(`the declarations can't be made: ${error.stdout}`, { cause: error });
    });
    mkdirSync(directory, { recursive: true });
    const todo = new Set(entries.map((entry) => join(emitted, 'client', `${entry}.d.ts`)));
    for (const file of todo) {
      const text = readFileSync(file, 'utf8').replace(relativeImport, (_, before: string, target: string) => {
        todo.add(join(dirname(file), `${target}.d.ts`));
        return `${before}'./${basename(target)}.js'`;
      });
      writeFileSync(join(directory, basename(file)), head + text);
    }
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}
