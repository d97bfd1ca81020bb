// Checks the client library as users get it, in dist/: the page's build is small and stands alone, both builds offer
// the same, and the declarations are true for somebody with a DOM and no Node, and for somebody in Node, who has
// copied the examples of the reference. Needs a build.
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What a page should not have to think about. */
const limitBytes = 5 * 1024;

const problems: string[] = [];
const browser = readFileSync('dist/client/browser.js');
const bytes = gzipSync(browser, { level: 9 }).length;
if (bytes > limitBytes)
  problems.push(`dist/client/browser.js: ${bytes} B gzipped, and the limit is ${limitBytes}`);
if (/\bimport\b|\brequire\b|\bprocess\b|\bBuffer\b/.test(browser.toString())) {
  problems.push('dist/client/browser.js imports something, or is of Node');
}

const load = (file: string): Promise<object> => import(resolve(file));
const [names, otherNames] = [await load('dist/client/node.js'), await load('dist/client/browser.js')].map(
  (it) => Object.keys(it).sort().join(', '),
);
if (names !== otherNames) problems.push(`node.js exports ${names}, browser.js ${otherNames}`);

/** Where the package is installed beside a file that uses it. */
const scratch = mkdtempSync(join(tmpdir(), 'devagent-client-'));
try {
  const installed = join(scratch, 'node_modules/devagent');
  mkdirSync(installed, { recursive: true });
  copyFileSync('package.json', join(installed, 'package.json'));
  cpSync('dist/client', join(installed, 'dist/client'), { recursive: true });
  copyFileSync('test/client-types.ts', join(scratch, 'use.ts'));
  writeFileSync(join(scratch, 'package.json'), '{"type":"module"}');
  const examples = [...readFileSync('docs/api.md', 'utf8').matchAll(/^```js\n(.*?)^```/gms)];
  for (const [index, [, example = '']] of examples.entries()) {
    writeFileSync(join(scratch, `example-${index + 1}.ts`), example);
  }
  const strict = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: false };
  const users = {
    page: {
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      module: 'esnext',
      moduleResolution: 'bundler',
    },
    node: {
      target: 'es2022',
      lib: ['es2022'],
      module: 'nodenext',
      types: ['node'],
      typeRoots: [resolve('node_modules/@types')],
    },
  };
  const include = { page: ['use.ts'], node: ['*.ts'] };
  for (const user of ['page', 'node'] as const) {
    const config = join(scratch, `tsconfig.${user}.json`);
    writeFileSync(
      config,
      JSON.stringify({ compilerOptions: { ...strict, ...users[user] }, include: include[user] }),
    );
    try {
      execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', config]);
    } catch (error) {
      problems.push(`the declarations, for a ${user}:\n${(error as { stdout: Buffer }).stdout}`);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

for (const problem of problems) console.error(problem);
console.log(`the client in a page: ${bytes} B of ${limitBytes}`);
process.exitCode = problems.length === 0 ? 0 : 1;
