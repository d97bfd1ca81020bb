// Runs every check that is no test, each to its end even when one before it failed, and says of each
// what came out and how long it took. Exits 1 when any failed.
import { spawn } from 'node:child_process';
import { delimiter, resolve } from 'node:path';

interface Check {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
}

/** More than any of these takes on a slow machine: this is only so that a hung one ends. */
const checkTimeoutMs = 120_000;

const checks: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: "types of the dashboard's page", command: ['tsc', '-p', 'agent/dashboard/page'] },
  // Warnings count: one that nobody has to mend is one that nobody reads.
  { name: 'format and lint', command: ['biome', 'ci', '--error-on-warnings', '--colors=off', '.'] },
  { name: 'dead code and dependencies', command: ['knip', '--treat-config-hints-as-errors'] },
  { name: 'architecture', command: ['tsx', 'scripts/check-architecture.ts'] },
  { name: 'drawing of the rooms', command: ['tsx', 'scripts/rooms.ts', '--check'] },
  { name: 'schemas in docs/', command: ['tsx', 'scripts/protocol-schema.ts', '--check'] },
  { name: 'command line in docs/ and man/', command: ['tsx', 'scripts/cli-docs.ts', '--check'] },
  { name: 'client reference in docs/', command: ['tsx', 'scripts/api-docs/main.ts', '--check'] },
  // Packs it, and so builds what the next two look at.
  { name: 'package', command: ['tsx', 'scripts/check-package.ts'] },
  { name: 'client library', command: ['tsx', 'scripts/check-client.ts'] },
  { name: 'types of the examples', command: ['tsc', '-p', 'examples'] },
  { name: "dashboard's page", command: ['tsx', 'scripts/check-dashboard.ts'] },
];

/** Runs one check with the repository's own tools; gives whether it passed, and all that it printed. */
function run({ command: [program, ...args] }: Check): Promise<{ ok: boolean; output: string }> {
  return new Promise((done) => {
    const child = spawn(program, args, {
      env: { ...process.env, PATH: resolve('node_modules/.bin') + delimiter + (process.env['PATH'] ?? '') },
      // On Windows the tools are .cmd files, which only a shell starts.
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: checkTimeoutMs,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', (error) => done({ ok: false, output: `${output}${error.message}\n` }));
    child.on('close', (code, signal) => {
      if (signal !== null) output += `${program} was ended by ${signal}\n`;
      done({ ok: code === 0, output });
    });
  });
}

const failed: string[] = [];
for (const check of checks) {
  const started = performance.now();
  const { ok, output } = await run(check);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (!ok) {
    failed.push(check.name);
    console.log(`\n$ ${check.command.join(' ')}\n${output.trimEnd()}\n`);
  }
  console.log(`${ok ? 'ok    ' : 'failed'}  ${check.name} (${seconds} s)`);
}
console.log(failed.length === 0 ? `all ${checks.length} checks passed` : `failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
