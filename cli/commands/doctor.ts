import { realpathSync, statSync } from 'node:fs';
import { durationFlag, textFlag } from '../../shared/flags/index.ts';
import { homeDirectory, UsageError } from '../../shared/index.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes } from '../outcome/index.ts';

/** Polling tells within half a second; a tree that takes longer than this to crawl is a finding of its own. */
const defaultTimeoutMs = 5_000;
const longestTimeoutMs = 600_000;
/** Longer lines are hard to read, however wide the terminal is; a pipe has no width. */
const widestColumns = 100;
const pipedColumns = 80;

function realDirectory(path: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    throw new UsageError(
      `--watch takes a directory that exists, not "${path}" (${(error as NodeJS.ErrnoException).code})`,
    );
  }
  throw new UsageError(`--watch takes a directory, not the file "${path}"`);
}

function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    // It was deleted; that a doctor is asked from there shall not end it.
    return homeDirectory() ?? '/';
  }
}

export const doctor = defineCommand({
  name: 'doctor',
  operands: '',
  summary: 'Look for what is wrong with this machine and the agent, and say what to do about it',
  details:
    'It looks at versions, the agent, its directories and what was left in them, the port, limits of the kernel, file systems and the clock. ' +
    'It works without an agent, and starts none; with --watch it may start one of its own, which it ends again. Exit code 1 if there is a problem, 0 if there are only warnings.',
  examples: [
    ['agent-cli doctor', 'look at everything'],
    ['agent-cli doctor --watch .', 'change a temporary file here, and measure how long the events take'],
    ['agent-cli doctor --json | jq .state', 'ok, warning or problem, for a program'],
  ],
  flags: {
    watch: textFlag(
      'Measure how long events take from this directory, by a file that is removed again',
      'directory',
    ),
    timeout: durationFlag(
      `With --watch: milliseconds to wait for each event (default: ${defaultTimeoutMs})`,
      1,
      longestTimeoutMs,
    ),
  },
  withoutAgent: true,
  async run(flags, _operands, { connection, output, json }) {
    const { watch, timeout = defaultTimeoutMs } = flags;
    const directory = watch === undefined ? currentDirectory() : realDirectory(watch);
    const room = await import('../doctor/index.ts');
    const machine = room.thisMachine(connection.instance, directory);
    const agent = await room.askAgent(connection);
    const { findings, measure } =
      watch === undefined
        ? { findings: await room.diagnose(machine, agent), measure: null }
        : await room.diagnoseDirectory(machine, agent, timeout);
    const state = room.worstOf(findings);
    if (json) {
      const { name } = connection.instance;
      output.json(JSON.stringify({ name, version: machine.version, state, findings, watch: measure }));
    } else {
      // A terminal that does not know its width says 0.
      const lineColumns = process.stdout.columns || undefined;
      const proseColumns = Math.min(lineColumns ?? pipedColumns, widestColumns);
      const width = { lineColumns, proseColumns };
      for (const line of room.describeFindings(findings, output.colors, width)) output.result(line);
    }
    return state === 'problem' ? exitCodes.failed : exitCodes.done;
  },
});
