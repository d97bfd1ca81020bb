// What the commands that start an agent have in common: the words, and what it is started with.
import { realpathSync, statSync } from 'node:fs';
import { durationFlag } from '../../shared/flags/index.ts';
import { formatDuration, type Status, UsageError } from '../../shared/index.ts';
import { type AgentContext, cliCommand } from '../agent/index.ts';
import { agentdFlags } from '../line/index.ts';
import { type ExitCode, exitCodes, programName } from '../outcome/index.ts';

/** A crawl of a million files takes some ten seconds on a laptop. */
export const defaultReadyMs = 60_000;
/** setTimeout holds its delay in 31 bits, and fires at once for anything longer. */
const longestTimerMs = 2 ** 31 - 1;
/** A wait that is shorter needs no explanation. */
const crawlNoticeMs = 1_000;

/** The flags of the agent that these commands take as their own: all but the one that starts none. */
export const agentFlags = agentdFlags.filter(({ name }) => name !== 'show-config');

/** The flags of the commands that start an agent because they were asked to. */
export const readyFlags = {
  wait: durationFlag(
    `Exit 4 if the agent is not ready after so many milliseconds, ${defaultReadyMs} by default; 0 waits for no crawl`,
    0,
    longestTimerMs,
  ),
} as const;

/** What `start` and `restart` tell with `--json`. */
export interface StartAnswer {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  readonly socket: string;
  readonly roots: readonly string[];
  /** Whether this command started it. */
  readonly started: boolean;
}

/** The answer for an agent that listens. */
export function startAnswer({ connection }: AgentContext, status: Status, started: boolean): StartAnswer {
  const { name, socket } = connection.instance;
  const roots = status.roots.map(({ path }) => path);
  return { name, pid: status.pid, url: status.url, socket, roots, started };
}

/** `the agent "ci" (pid 12)`. */
export function agentWords({ connection }: AgentContext, pid: number): string {
  return `the agent "${connection.instance.name}" (pid ${pid})`;
}

/** Directories as people read them. */
export function directoryWords(directories: readonly string[]): string {
  return directories.length === 0 ? 'no directory' : directories.join(', ');
}

/** Whether there is such a directory, which may be looked at. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // Whatever the reason, an agent could not watch it either.
    return false;
  }
}

/**
 * The real path of a directory that somebody named, as the agent knows it.
 * @throws UsageError where there is none
 */
export function namedDirectory(path: string): string {
  try {
    const real = realpathSync(path);
    if (isDirectory(real)) return real;
  } catch (error) {
    throw new UsageError(`${path} can't be watched: ${error instanceof Error ? error.message : error}`);
  }
  throw new UsageError(`${path} can't be watched: it is no directory`);
}

/**
 * Refuses a name among the flags for agentd, where agent-cli would look for an agent of another one.
 * @throws UsageError
 */
export function refuseName(agentFlags: readonly string[]): void {
  if (agentFlags.some((flag) => /^--?name(=|$)/.test(flag))) {
    throw new UsageError(`--name stands before the --, where ${programName} reads it as well`);
  }
}

/**
 * Waits until the agent knows its files, saying so where that takes longer.
 * @param readyMs 0 for not at all
 * @returns the exit code, `timeRanOut` having been explained
 */
export async function awaitReady(context: AgentContext, readyMs: number): Promise<ExitCode> {
  const { connection, output } = context;
  const limitMs = Math.min(readyMs, connection.limit?.ms ?? readyMs);
  const leftMs = Math.max(1, Math.min(readyMs, connection.limit?.leftMs ?? readyMs));
  const { waitUntilReady } = await import('../process/index.ts');
  const notice = () => output.note('the agent crawls its directories for the first time: waiting for that');
  if (readyMs === 0 || (await waitUntilReady(connection, leftMs, { notice, noticeMs: crawlNoticeMs }))) {
    return exitCodes.done;
  }
  output.note(`the agent runs, and still crawls after ${formatDuration(limitMs)}`);
  output.hint(`look how far it is with: ${cliCommand(connection.instance, 'status')}`);
  return exitCodes.timeRanOut;
}
