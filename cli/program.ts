// One run of agent-cli: a command line in, an exit code out, and every failure said on stderr.
import { helpText } from '../shared/flags/index.ts';
import { DevagentError, defaultName, instancePaths, UsageError, version } from '../shared/index.ts';
import { Connection, checkProtocol, overdueAgent, TimeLimit } from './agent/index.ts';
import { commands } from './commands/index.ts';
import { completionWord } from './completion/shell-names.ts';
import type { Command, CommandContext, PreparedCommand } from './line/index.ts';
import { parseCommandLine } from './line/index.ts';
import type { Signals } from './outcome/index.ts';
import { CliError, type ExitCode, exitCodes, OverdueError } from './outcome/index.ts';
import type { Output } from './screen/index.ts';
import { sayFailure } from './screen/index.ts';

/** What a run needs from its process. */
export interface Surroundings {
  readonly output: Output;
  readonly signals: Signals;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The terminal's width; undefined in a pipe. */
  readonly terminalColumns: number | undefined;
}

async function runCommandLine(
  words: readonly string[],
  surroundings: Surroundings,
): Promise<number | undefined> {
  const { output, signals, env } = surroundings;
  const [first, ...rest] = words;
  if (first === completionWord) {
    const { answerShell } = await import('./completion/index.ts');
    for (const line of await answerShell(rest, commands, env)) output.data(line);
    return exitCodes.done;
  }
  const asked = first === 'help' ? [...rest, '--help'] : words;
  const line = parseCommandLine(asked, commands);
  const { command, common } = line;
  if (common.version) {
    output.result(version());
    return exitCodes.done;
  }
  if (line.help !== undefined) {
    const text = await helpText(line.help, surroundings.terminalColumns);
    if (common.help) output.text(text);
    else output.help(text);
    return common.help ? exitCodes.done : exitCodes.usage;
  }
  if (command === undefined) return exitCodes.usage;

  const { timeLimitMs, run } = command.prepare(line.given, line.operands, line.trailing);
  const name = common.name ?? (env['AGENT_NAME'] || defaultName);
  const instance = instancePaths(name, env);
  const limit = timeLimitMs === undefined ? undefined : new TimeLimit(timeLimitMs);
  const connection = new Connection(instance, limit);
  const body = () => runBody(command, run, { output, connection, signals, json: common.json });
  return limit === undefined ? body() : limit.bound(body, () => overdueAgent(instance, limit.ms));
}

async function runBody(
  command: Command,
  run: PreparedCommand['run'],
  context: CommandContext,
): Promise<number | undefined> {
  const sameProtocol = command.withoutAgent === true || (await checkProtocol(command, context));
  try {
    return await run(context);
  } catch (error) {
    if (sameProtocol || error instanceof CliError || error instanceof DevagentError) throw error;
    // What lacks in an answer is no mistake of ours then; the note about the protocols said what helps.
    throw new CliError(exitCodes.failed, "the answer of an agent of another protocol can't be understood", {
      cause: error,
    });
  }
}

function report(error: unknown, output: Output): ExitCode {
  if (error instanceof CliError) {
    const exitCode = sayFailure(error, output);
    // Connections on which nothing comes would hold the process.
    if (error instanceof OverdueError) process.exit(exitCode);
    return exitCode;
  }
  if (error instanceof DevagentError) {
    // Names and paths that can't be: what the flags or the environment gave.
    output.note(error.message);
    if (error instanceof UsageError && error.hint !== undefined) output.hint(error.hint);
    return exitCodes.usage;
  }
  output.note('this should not have happened, please report it:');
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  for (const line of text.split('\n')) output.hint(line);
  return exitCodes.failed;
}

/**
 * Runs agent-cli.
 * @param words the command line without interpreter and program
 * @returns the exit code; undefined if the agent runs in this process, which sets it
 */
export async function run(words: readonly string[], surroundings: Surroundings): Promise<number | undefined> {
  try {
    return await runCommandLine(words, surroundings);
  } catch (error) {
    return report(error, surroundings.output);
  }
}
