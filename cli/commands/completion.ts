import { basename } from 'node:path';
import { UsageError } from '../../shared/index.ts';
import { type Shell, shells } from '../completion/shell-names.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes } from '../outcome/index.ts';

/**
 * The shell that a script is wanted for.
 * @param loginShell SHELL of the environment, for when none is named
 * @throws UsageError for one that there is no script for
 */
function chosenShell(operands: readonly string[], loginShell: string | undefined): Shell {
  const [named, ...others] = operands;
  if (others.length > 0) throw new UsageError('one shell at a time', `name one of: ${shells.join(', ')}`);
  const name = named ?? basename(loginShell ?? '');
  const shell = shells.find((known) => known === name);
  if (shell !== undefined) return shell;
  throw new UsageError(
    named === undefined
      ? `which shell? SHELL is ${loginShell ? `"${loginShell}"` : 'not set'}`
      : `there is no completion for "${named}"`,
    `name one of: ${shells.join(', ')}`,
  );
}

export const completion = defineCommand({
  name: 'completion',
  operands: '[bash|zsh|fish]',
  summary: 'Print a script that completes commands, flags and values, for agentd too',
  details: [
    'Without a shell it is the one in SHELL. Values come from the program and the running agent while you type:',
    'ids of clients, roots, topics, names of agents. zsh loads it after compinit.',
  ].join(' '),
  completes: shells,
  examples: [
    [`echo 'source <(agent-cli completion bash)' >> ~/.bashrc`, 'install it for bash'],
    [`echo 'source <(agent-cli completion zsh)' >> ~/.zshrc`, 'install it for zsh'],
    [`echo 'agent-cli completion fish | source' >> ~/.config/fish/config.fish`, 'install it for fish'],
  ],
  flags: {},
  async run(_flags, operands, { output, json }) {
    const shell = chosenShell(operands, process.env['SHELL']);
    const { completionScript } = await import('../completion/index.ts');
    const script = completionScript(shell);
    if (json) output.json(JSON.stringify({ shell, script }));
    else output.text(script.trimEnd());
    return exitCodes.done;
  },
});
