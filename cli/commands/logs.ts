import { resolve } from 'node:path';
import { choiceFlag, switchFlag, wholeNumberFlag, withLetter } from '../../shared/flags/index.ts';
import {
  consoleLine,
  type InstancePaths,
  type LogLevel,
  logLevels,
  visibleText,
} from '../../shared/index.ts';
import { cliCommand, requirePrivateRuntime, requirePrivateState, runFileHints } from '../agent/index.ts';
import { type CommandContext, defineCommand } from '../line/index.ts';
import { CliError, exitCodes } from '../outcome/index.ts';
import type { parseLogLine } from '../process/index.ts';

/** Some screens: what happened lately, and not the whole past. */
const defaultLines = 100;

/**
 * Where the agent that runs keeps its log, or else where one would that is started as usual.
 * @throws UnsafePlaceError
 */
function logFileOf(instance: InstancePaths): string {
  requirePrivateRuntime(instance);
  const chosen = process.env['AGENT_LOG_FILE'];
  const file = runFileHints(instance).logFile ?? (chosen ? resolve(chosen) : instance.logFile);
  if (file === instance.logFile) requirePrivateState(instance);
  return file;
}

/** How the lines of a log file are chosen and printed. */
class LogPrinter {
  readonly #context: CommandContext;
  readonly #level: LogLevel;
  readonly #parse: typeof parseLogLine;

  constructor(context: CommandContext, level: LogLevel, parse: typeof parseLogLine) {
    this.#context = context;
    this.#level = level;
    this.#parse = parse;
  }

  /** Whether a line is wanted; one that is no entry is shown to people, who may know what it means. */
  takes(line: string): boolean {
    const entry = this.#parse(line);
    if (entry === undefined) return !this.#context.json && this.#level === 'debug';
    return logLevels.indexOf(entry.level) <= logLevels.indexOf(this.#level);
  }

  /** Prints lines no faster than stdout takes them. */
  async print(lines: readonly string[]): Promise<void> {
    const { output, json } = this.#context;
    for (const line of lines) {
      const hasRoom = json ? output.json(line) : output.text(this.#readable(line));
      if (!hasRoom) await output.drained();
    }
  }

  #readable(line: string): string {
    const entry = this.#parse(line);
    if (entry === undefined) return visibleText(line);
    return consoleLine(entry, { color: this.#context.output.colors.isColorSupported, debug: false });
  }
}

export const logs = defineCommand({
  name: 'logs',
  operands: '',
  summary: "Print the agent's log, also that of one that ended",
  examples: [
    ['agent-cli logs', `the last ${defaultLines} lines`],
    ['agent-cli logs -f --level warn', 'what goes wrong, as it happens'],
    [`agent-cli logs --json --lines 10000 | jq 'select(.event == "client left")'`, 'look something up'],
  ],
  flags: {
    follow: withLetter('f', switchFlag('Go on with what is logged from now on, until it is interrupted')),
    level: choiceFlag('Only entries of this level, or graver ones', logLevels),
    lines: withLetter(
      'n',
      wholeNumberFlag(`How many of the last lines (default: ${defaultLines})`, 0, Number.MAX_SAFE_INTEGER),
    ),
  },
  withoutAgent: true,
  async run(flags, _operands, context) {
    const { LogReader, parseLogLine } = await import('../process/index.ts');
    const { instance } = context.connection;
    const path = logFileOf(instance);
    const reader = new LogReader(path);
    const printer = new LogPrinter(context, flags.level ?? 'debug', parseLogLine);
    const takes = (line: string): boolean => printer.takes(line);
    if (!reader.exists) {
      if (!flags.follow) throw noLog(instance, path);
      context.output.note(`there is no log at ${path} yet: waiting for it`);
    }
    await printer.print(reader.last(flags.lines ?? defaultLines, takes));
    if (flags.follow) {
      await reader.follow(
        (lines) => printer.print(lines.filter(takes)),
        () => context.output.note(`lines of ${path} were removed before they could be read`),
      );
    }
    return exitCodes.done;
  },
});

function noLog(instance: InstancePaths, path: string): CliError {
  return new CliError(exitCodes.failed, `there is no log at ${path}`, {
    hint: `no agent "${instance.name}" has run here, or it was started with --log-file or another AGENT_STATE_DIR: look with: ${cliCommand(instance, 'status')}`,
  });
}
