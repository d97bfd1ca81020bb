import type { Status } from '../../shared/index.ts';
import { cliCommand, runFileHints } from '../agent/index.ts';
import { type CommandContext, defineCommand } from '../line/index.ts';
import { CliError, exitCodes } from '../outcome/index.ts';
import {
  agentFlags,
  agentWords,
  awaitReady,
  defaultReadyMs,
  directoryWords,
  isDirectory,
  namedDirectory,
  readyFlags,
  refuseName,
  startAnswer,
} from '../start/index.ts';

/** What the next agent is to watch: what the last one did, as far as it is there. */
function rootsToWatch(context: CommandContext, running: Status | undefined, runs: boolean): string[] {
  const { connection, output } = context;
  const last = running?.roots.map(({ path }) => path) ?? runFileHints(connection.instance).roots;
  if (last === undefined) return [namedDirectory('.')];
  const roots = last.filter(isDirectory);
  const gone = last.filter((root) => !roots.includes(root));
  if (gone.length > 0) output.note(`no longer there, and so not watched: ${directoryWords(gone)}`);
  if (roots.length > 0) return roots;
  throw new CliError(exitCodes.failed, 'there is no directory that the next agent could watch', {
    hint: `begin anew: ${!runs ? '' : `${cliCommand(connection.instance, 'stop')} && `}${cliCommand(connection.instance, 'start DIR')}`,
  });
}

/** A service that stops in order stays stopped: the next agent would be none of systemd's. */
function refuseService(unit: string | undefined): void {
  if (unit === undefined) return;
  throw new CliError(exitCodes.failed, `the agent is run by systemd, as ${unit}`, {
    hint: `restart it with: systemctl --user restart ${unit}`,
  });
}

export const restart = defineCommand({
  name: 'restart',
  operands: '',
  trailing: 'AGENTD-FLAGS...',
  trailingFlags: agentFlags,
  summary: 'Stop the agent, and start it again with the same directories and flags',
  details:
    'Where none runs one is started, as the last one was if that was killed, or for the current directory. Flags of the agent, also those that stand after a --, are added to its last ones; the last value of a flag wins.',
  examples: [
    ['agent-cli restart', 'after an update, or a change of agent.config.json'],
    ['agent-cli restart --log-level debug', 'the same, but with a louder log'],
  ],
  flags: readyFlags,
  endsSilentAgents: true,
  timeLimitMs: ({ wait }) => wait || undefined,
  async run(flags, _operands, context, moreFlags) {
    const { connection, output, json } = context;
    refuseName(moreFlags);
    const room = await import('../process/index.ts');
    const agent = await room.findAgent(connection);
    const running = agent?.status;
    if (agent !== undefined) refuseService(room.systemdUnitOf(agent.pid));
    const { args } = runFileHints(connection.instance);
    const roots = rootsToWatch(context, running, agent !== undefined);
    const next = { roots, flags: [...(args ?? []), ...moreFlags] };
    if (agent !== undefined) {
      // One that runs is worth more than one that would not start.
      await room.checkSettings(connection, next);
      if (args === undefined)
        output.note('the flags that it was started with are not known: started without');
      const note = room.describeEnding(await room.endAgent(connection, agent));
      if (note !== undefined) output.note(note);
    }
    const { started } = await room.launchAgent(connection, next);
    const exitCode = await awaitReady(context, flags.wait ?? defaultReadyMs);

    const status = await connection.status();
    const answer = { ...startAnswer(context, status, started), stopped: agent?.pid ?? null };
    const before = agent === undefined ? 'none ran before' : `it was pid ${agent.pid}`;
    const update =
      running === undefined || running.version === status.version
        ? ''
        : `, version ${running.version} before and ${status.version} now`;
    if (json) output.json(JSON.stringify(answer));
    else
      output.result(
        `${started ? 'started' : 'found'} ${agentWords(context, answer.pid)} at ${answer.url}, watching ${directoryWords(answer.roots)}; ${before}${update}`,
      );
    return exitCode;
  },
});
