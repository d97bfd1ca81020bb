// The one place where a command that lives from the agent's events can start an agent by itself.
import type { ReviveAgent } from '../../shared/client/index.ts';
import { switchFlag } from '../../shared/flags/index.ts';
import { formatDuration, type Status } from '../../shared/index.ts';
import { type AgentContext, cliCommand, runFileHints } from '../agent/index.ts';
import { CliError, NoAgentError } from '../outcome/index.ts';
import { awaitReady, directoryWords, isDirectory } from './agent-start.ts';

/** Longer than a meeting or a meal, short enough that an agent nobody wants any more is gone by the evening. */
const idleExitMs = 30 * 60_000;
/** A command that was not asked to start anything gives up sooner on a first crawl, and goes on. */
const readyMs = 30_000;

/** The flag of every command that starts an agent where none runs. */
export const startFlags = {
  'no-start': switchFlag(
    `Exit 3 if no agent runs, rather than start one in the background, which would end after ${formatDuration(idleExitMs)} without use; AGENT_NO_START=1 says the same`,
  ),
} as const;

/** What an agent is started with, if one has to be. */
export interface StartWish {
  /** Whether none is to be started. */
  readonly noStart: boolean;
  /** Absolute; watched by an agent that is started, and no business of one that runs. */
  readonly roots: readonly string[];
}

/** When an agent with these flags of agentd ends by itself; undefined for never. */
export function idleExitOf(flags: readonly string[]): number | undefined {
  const text = flags.findLast((flag) => flag.startsWith('--idle-exit='))?.split('=')[1];
  return text === undefined ? undefined : Number(text);
}

function mayNotStart(noStart: boolean): boolean {
  const variable = process.env['AGENT_NO_START'];
  return noStart || (variable !== undefined && !['', '0', 'false'].includes(variable));
}

/** The flags of an agent that nobody asked for by name: it ends by itself. */
function passingFlags(flags: readonly string[]): readonly string[] {
  const chosen = Number(process.env['AGENT_IDLE_EXIT'] || Number.NaN);
  if (idleExitOf(flags) !== undefined) return flags;
  return [...flags, `--idle-exit=${Number.isNaN(chosen) ? idleExitMs : chosen}`];
}

/** Starts an agent, says so in one line, and waits until it tells every change. */
async function startOne(
  context: AgentContext,
  roots: readonly string[],
  flags: readonly string[],
): Promise<void> {
  const { connection, output } = context;
  const { launchAgent } = await import('../process/index.ts');
  const allFlags = passingFlags(flags);
  const { status, started } = await launchAgent(connection, { roots, flags: allFlags });
  if (started) {
    output.note(
      `started an agent in the background for ${directoryWords(roots)} (pid ${status.pid}): ` +
        `it ends after ${formatDuration(idleExitOf(allFlags) ?? 0)} without use, or with: ${cliCommand(connection.instance, 'stop')}`,
    );
  }
  // A crawl that takes even longer has been explained: the command goes on with what is known so far.
  await awaitReady(context, readyMs);
}

/**
 * Makes sure that an agent is there before a command that lives from its events begins: where none
 * runs, one is started in the background, by one of all that want it at the same moment.
 * @returns the agent's status
 * @throws NoAgentError when none is running and none may be started; CliError with its words when it can't start
 */
export async function ensureAgent(context: AgentContext, wish: StartWish): Promise<Status> {
  try {
    return await context.connection.status();
  } catch (error) {
    if (!(error instanceof NoAgentError) || mayNotStart(wish.noStart)) throw error;
  }
  await startOne(context, wish.roots, []);
  return context.connection.status();
}

/**
 * What a stream does when its agent died and none came in its place: starts the next one, with the
 * roots and flags of the one that died.
 * @returns undefined when none may be started
 */
export function agentReviver(
  context: AgentContext,
  wish: Pick<StartWish, 'noStart'>,
): ReviveAgent | undefined {
  if (mayNotStart(wish.noStart)) return undefined;
  const { connection, output } = context;
  return async (roots) => {
    // What the dead agent left behind also knows the roots that were added to it later.
    const last = runFileHints(connection.instance);
    const left = (last.roots ?? roots).filter(isDirectory);
    if (left.length === 0) return;
    try {
      await startOne(context, left, last.args ?? []);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      // The stream goes on looking for an agent that somebody else starts.
      output.note(error.message);
    }
  };
}
