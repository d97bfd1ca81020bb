import { formatDuration, type Status } from '../../shared/index.ts';
import { answerTimeoutMs, cliCommand, noteOtherVersion, runFileHints } from '../agent/index.ts';
import { type CommandContext, defineCommand } from '../line/index.ts';
import { UnusableAgentError } from '../outcome/index.ts';
import { innermostRoot } from '../paths/index.ts';
import {
  agentFlags,
  agentWords,
  awaitReady,
  defaultReadyMs,
  directoryWords,
  idleExitOf,
  namedDirectory,
  readyFlags,
  refuseName,
  startAnswer,
} from '../start/index.ts';

/** Has the agent watch more directories; a crawl that takes longer than `readyMs` goes on without us. */
async function addRoots(
  { connection }: CommandContext,
  directories: readonly string[],
  readyMs: number,
): Promise<void> {
  for (const path of directories) {
    const timeoutMs = connection.limit?.leftMs ?? Math.max(readyMs, answerTimeoutMs);
    try {
      await connection.addRoot({ path }, timeoutMs);
    } catch (error) {
      // It answers when the crawl is done; whether it lives is asked next.
      if (!(error instanceof UnusableAgentError)) throw error;
    }
  }
}

/** Says what became of a wish to start an agent that runs already. */
function noteAlreadyRunning(context: CommandContext, status: Status, flags: readonly string[]): void {
  const { connection, output } = context;
  noteOtherVersion(status, connection, output);
  if (flags.length > 0) {
    const command = `${cliCommand(connection.instance, 'restart')} -- ${flags.join(' ')}`;
    output.note(`it runs already, without ${flags.join(' ')}: restart it with: ${command}`);
  }
  const idleMs = idleExitOf(runFileHints(connection.instance).args ?? []);
  if (idleMs !== undefined) {
    output.note(
      `it ends after ${formatDuration(idleMs)} without use; for one that stays: ${cliCommand(connection.instance, 'stop')} && ${cliCommand(connection.instance, 'start')}`,
    );
  }
}

export const start = defineCommand({
  name: 'start',
  operands: '[DIR...]',
  trailing: 'AGENTD-FLAGS...',
  trailingFlags: agentFlags,
  summary: 'Start the agent in the background, or have one that runs watch DIR as well',
  details:
    'Without DIR it watches the current directory. It returns when the agent knows all files; the agent stays until it is told to stop. What stands after a -- is for agentd alone.',
  examples: [
    ['agent-cli start', 'watch the current directory'],
    ['agent-cli start web api --ignore "**/*.log"', 'watch two directories, but no log files'],
    ['agent-cli start --name ci --port 0', 'a second agent, on any free port'],
  ],
  flags: readyFlags,
  // 0 is no limit: it waits for no crawl.
  timeLimitMs: ({ wait }) => wait || undefined,
  async run(flags, operands, context, moreFlags) {
    const { connection, output, json } = context;
    refuseName(moreFlags);
    const named = operands.length === 0 ? ['.'] : operands;
    const directories = [...new Set(named.map(namedDirectory))];
    const readyMs = flags.wait ?? defaultReadyMs;
    const { launchAgent } = await import('../process/index.ts');
    const { status, started } = await launchAgent(connection, { roots: directories, flags: moreFlags });

    const roots = status.roots.map(({ path }) => path);
    // Who names no directory wants an agent, and not this directory watched by one that is for others.
    const missing =
      started || operands.length === 0
        ? []
        : directories.filter((path) => innermostRoot(roots, path) === undefined);
    if (!started) noteAlreadyRunning(context, status, moreFlags);
    await addRoots(context, missing, readyMs);
    const exitCode = await awaitReady(context, readyMs);

    const answer = startAnswer(context, await connection.status(), started);
    const agent = agentWords(context, answer.pid);
    const watching = `watching ${directoryWords(answer.roots)}`;
    if (json) output.json(JSON.stringify(answer));
    else if (started) output.result(`started ${agent} at ${answer.url}, ${watching}`);
    else if (missing.length === 0) output.result(`${agent} is already running at ${answer.url}, ${watching}`);
    else output.result(`${agent} is already running at ${answer.url}, now ${watching}`);
    return exitCode;
  },
});
