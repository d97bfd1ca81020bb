import { statSync } from 'node:fs';
import { globFlag, switchFlag } from '../../shared/flags/index.ts';
import { countOf, visibleText } from '../../shared/index.ts';
import { cliCommand } from '../agent/index.ts';
import { type CommandContext, defineCommand, forEachOperand, withHint } from '../line/index.ts';
import { CliError, exitCodes } from '../outcome/index.ts';
import { realPath } from '../paths/index.ts';
import { ensureAgent, startFlags } from '../start/index.ts';
import { describeDegraded } from './root-lines.ts';

/** Fails before an agent is started for nothing. */
function checkDirectory(path: string): void {
  let why = 'it is not a directory';
  try {
    if (statSync(path).isDirectory()) return;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  throw new CliError(exitCodes.failed, `${path} can't be watched: ${why}`, {
    hint: 'name a directory that exists',
  });
}

/** Takes a root away that an agent was just started with, and so with the rules that hold for all roots. */
async function removeFirst(root: string, { connection }: CommandContext): Promise<void> {
  const query = new URLSearchParams({ path: root });
  await connection.request({ method: 'DELETE', path: `/v1/roots?${query}` });
}

export const watch = defineCommand({
  name: 'watch',
  operands: 'DIR...',
  summary: 'Have the agent watch a directory; returns when it knows all files in it',
  examples: [
    ['agent-cli watch .', 'watch this directory'],
    [`agent-cli watch ../lib --ignore '**/*.log'`, 'watch another one, but not what is logged there'],
  ],
  flags: {
    ignore: globFlag('Leave out paths that match this glob; may be given often'),
    'no-gitignore': switchFlag("Watch what git's rules and node_modules leave out, too"),
    ...startFlags,
  },
  run(flags, operands, context) {
    const { connection, output, json } = context;
    const rules = {
      ...(flags.ignore.length === 0 ? {} : { ignore: flags.ignore }),
      ...(flags['no-gitignore'] ? { gitignore: false as const } : {}),
    };
    return forEachOperand(operands, 'DIR', output, async (directory) => {
      const path = realPath(directory);
      checkDirectory(path);
      const hasRules = Object.keys(rules).length > 0;
      const wasRunning = hasRules && (await connection.statusIfRunning()) !== undefined;
      const status = await ensureAgent(context, { noStart: flags['no-start'], roots: [path] });
      const isFirst = hasRules && !wasRunning && status.roots.some((root) => root.path === path);
      if (isFirst) await removeFirst(path, context);
      const root = await connection.addRoot({ path, ...rules }).catch((error) => {
        const unwatch = cliCommand(connection.instance, `unwatch ${directory}`);
        throw withHint(error, 'root_differs', `to change what is ignored: ${unwatch}, then watch it again`);
      });
      const known = `${countOf(root.files, 'file')}, ${countOf(root.dirs, 'directory', 'directories')}`;
      if (json) output.json(JSON.stringify(root));
      else output.result(visibleText(`watching ${root.path}: ${known}`));
      const reason = describeDegraded(root);
      if (reason !== undefined) output.note(reason);
    });
  },
});
