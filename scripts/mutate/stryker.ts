// Runs Stryker with this project's tests, from packages that are installed for it alone.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../support/tool-packages.ts';

/** A run of Stryker. */
export interface MutationRun {
  /** Source files to change, relative to the project. */
  readonly files: readonly string[];
  /** Test files to run for each change. */
  readonly tests: readonly string[];
  readonly jobs: number;
  /** A directory for this run's own files. */
  readonly scratch: string;
  readonly reportFile: string;
  readonly projectDirectory: string;
}

const packages = new URL('stryker/', import.meta.url);
const installed = new URL('../../node_modules/.cache/mutate/', import.meta.url);
const jest =
  'node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js';

/**
 * Writes Stryker's report; its progress goes to the terminal.
 * @throws Error when the tests fail without any change, or Stryker can't be installed
 */
export function runStryker({ files, tests, jobs, scratch, reportFile, projectDirectory }: MutationRun): void {
  installPackages('@stryker-mutator/core', packages, installed, (text) => process.stderr.write(`${text}\n`));
  const configFile = join(scratch, 'stryker.json');
  // The built programs find out which change is on by an environment variable, which they inherit.
  const build = tests.some((file) => file.startsWith('test/')) ? ' --build' : '';
  writeFileSync(
    configFile,
    JSON.stringify({
      testRunner: 'command',
      // A bail saves time: one failure is enough.
      commandRunner: { command: `${jest} --bail --maxWorkers 1 ${tests.join(' ')}` },
      buildCommand: `node --import ${import.meta.resolve('tsx')} scripts/mutate/prepare-sandbox.ts ${projectDirectory}${build}`,
      symlinkNodeModules: false,
      mutate: files,
      reporters: ['clear-text', 'json'],
      clearTextReporter: { logTests: false, reportTests: false, reportMutants: false },
      jsonReporter: { fileName: reportFile },
      plugins: [],
      // Beside the sources, for jest looks at nothing below node_modules.
      tempDirName: '.mutate',
      concurrency: jobs,
    }),
  );
  const program = fileURLToPath(new URL('node_modules/@stryker-mutator/core/bin/stryker.js', installed));
  try {
    execFileSync(process.execPath, [program, 'run', configFile], { cwd: projectDirectory, stdio: 'inherit' });
  } catch (cause) {
    throw new Error('Stryker did not finish: see what it says above', { cause });
  }
}
