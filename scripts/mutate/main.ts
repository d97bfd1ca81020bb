// Changes one small thing at a time in a source file and runs its tests each time: a change that no test
// notices is behaviour that no test holds. The changes are Stryker's.
//
// npm run mutate -- FILE... [--tests FILE]... [--jobs N]
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runStryker } from './stryker.ts';
import { lines, type Report, survivors } from './survivors.ts';

const usage = `npm run mutate -- FILE... [OPTIONS]

FILE is a source file below agent/, cli/ or shared/. Its tests are the test file beside it, and those given.

  --tests FILE   another test file to run; may be repeated. Those in test/ start built programs, which have
                 the changes, too, but they are slow.
  --jobs N       runs at a time (2)
`;

const projectDirectory = fileURLToPath(new URL('../../', import.meta.url));

function testsOf(files: readonly string[], more: readonly string[]): string[] {
  const beside = files.map((file) => file.replace(/\.tsx?$/, '.test.ts')).filter((file) => existsSync(file));
  const tests = [...new Set([...beside, ...more])];
  const missing = [...files, ...more].find((file) => !existsSync(file));
  if (missing !== undefined) throw new Error(`${missing}: there is no such file`);
  if (tests.length === 0)
    throw new Error(`${files.join(', ')}: no test file is beside it, give --tests FILE`);
  return tests;
}

function main(): void {
  const { values, positionals: files } = parseArgs({
    allowPositionals: true,
    options: {
      tests: { type: 'string', multiple: true, default: [] },
      jobs: { type: 'string', default: '2' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help || files.length === 0) {
    process.stdout.write(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new Error(`--jobs ${values.jobs}: give a whole number above 0`);
  process.chdir(projectDirectory);
  const tests = testsOf(files, values.tests);
  const scratch = mkdtempSync(join(tmpdir(), 'devagent-mutate-'));
  try {
    const reportFile = join(scratch, 'report.json');
    runStryker({ files, tests, jobs, scratch, reportFile, projectDirectory });
    const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
    const alive = survivors(report);
    process.stdout.write(lines(report, alive));
    if (alive.length > 0) process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(`mutate: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
