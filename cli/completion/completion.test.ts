import { describe, expect, it } from '@jest/globals';
import { listFlag, switchFlag, textFlag, withLetter } from '../../shared/flags/index.ts';
import { startAgent } from '../../test/support/agent.ts';
import { temporaryDirectory } from '../../test/support/cleanup.ts';
import { connect } from '../../test/support/client.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes } from '../outcome/index.ts';
import { answerShell } from './index.ts';

const nothingToDo = async () => exitCodes.done;
const common = { summary: 'Does it', examples: [], run: nothingToDo };
const commands = [
  defineCommand({
    ...common,
    name: 'on',
    operands: 'GLOB...',
    trailing: 'CMD...',
    flags: {
      topic: listFlag('Topics'),
      since: textFlag('A cursor'),
      initial: switchFlag('At once'),
      under: textFlag('Where', 'directory'),
    },
  }),
  defineCommand({
    ...common,
    name: 'start',
    operands: '[DIR...]',
    trailing: 'AGENTD-FLAGS...',
    flags: { lines: withLetter('n', textFlag('How many')) },
  }),
  defineCommand({ ...common, name: 'disconnect', operands: 'ID', flags: {} }),
  defineCommand({ ...common, name: 'unwatch', operands: 'DIR', completes: 'root', flags: {} }),
];

const noAgent = { AGENT_RUNTIME_DIR: '/nonexistent' };

/** The answer to fish, which reads it plainest. */
function answer(
  words: readonly string[],
  env: Readonly<Record<string, string>> = noAgent,
): Promise<string[]> {
  return answerShell(['fish', 'agent-cli', ...words], commands, env);
}

/** The values in an answer. */
async function offered(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<string[]> {
  const [kind, ...lines] = await answer(words, env);
  expect(kind).toBe('values');
  return lines.map((line) => line.split('\t')[0] ?? '');
}

describe('what is offered', () => {
  it('is the commands where one is missing, with what they do', async () => {
    expect(await answer([''])).toEqual([
      'values',
      'on\tDoes it',
      'start\tDoes it',
      'disconnect\tDoes it',
      'unwatch\tDoes it',
      'help\tShow help',
    ]);
    expect(await offered(['--json', ''])).toContain('on');
    expect(await offered(['--name', 'ci', ''])).toContain('on');
    expect(await offered(['help', ''])).toEqual(['on', 'start', 'disconnect', 'unwatch']);
    expect(await offered(['nonsense', ''])).toEqual([]);
  });

  it('is the flags of the command and of every command, but for those that are given', async () => {
    const all = ['--topic', '--since', '--initial', '--under', '--name', '--json', '--help', '--version'];
    expect(await offered(['on', '-'])).toEqual(all);
    expect(await offered(['on', '--since', '--json', '--topic=x', '--initial', '--'])).toEqual(
      all.filter((flag) => flag !== '--since' && flag !== '--initial'),
    );
    expect(await offered(['-'])).toEqual(['--name', '--json', '--help', '--version']);
  });

  it('is the values of a flag, behind a blank or a =', async () => {
    expect(await offered(['on', '--topic', ''])).toEqual(['file', 'message']);
    expect(await offered(['on', '--topic=m'])).toEqual(['--topic=file', '--topic=message']);
    expect(await offered(['on', '--since', ''])).toEqual([]);
    expect(await offered(['on', '--nonsense=x'])).toEqual([]);
    expect(await answer(['on', '--under', ''])).toEqual(['directories']);
  });

  it('is what the operands are', async () => {
    expect(await answer(['on', ''])).toEqual(['files']);
    expect(await answer(['on', '--initial', 'a', ''])).toEqual(['files']);
    expect(await offered(['disconnect', 'c1', ''])).toEqual([]);
  });

  it('is a command line of its own behind the -- of a command that has one', async () => {
    expect(await answer(['on', '*.ts', '--', ''])).toEqual(['command']);
    expect(await answer(['on', '*.ts', '--', 'make', '-'])).toEqual(['command']);
    expect(await offered(['disconnect', '--', '-'])).toEqual([]);
  });

  it('is the flags of agentd behind the -- of a command that passes them on', async () => {
    expect(await answer(['start', ''])).toEqual(['directories']);
    expect(await offered(['start', '.', '--', '--backend', ''])).toContain('polling');
    expect(await offered(['start', '--', '--settle', '4', '-'])).toContain('--log-level');
    expect(await offered(['start', '--', '--settle', '4', '-'])).not.toContain('--settle');
    expect(await offered(['start', '--', ''])).toEqual([]);
  });

  it('knows a flag by its letter, too', async () => {
    expect(await offered(['start', '-n', ''])).toEqual([]);
    expect(await answer(['start', '-n', '5', ''])).toEqual(['directories']);
    expect(await offered(['start', '-n', '5', '--l'])).not.toContain('--lines');
  });

  it('is the clients, roots, topics and names of running agents', async () => {
    const roots = [temporaryDirectory(), temporaryDirectory()];
    const agent = await startAgent({ roots, flags: ['--name', 'ci'] });
    const vite = await connect(agent, 'name=vite&topic=build.>&topic=build.done');
    const odd = await connect(agent, `name=${encodeURIComponent('dev: 1')}`);
    const env = { ...agent.env, AGENT_NAME: 'ci' };
    const [, ...clients] = await answer(['disconnect', ''], env);
    expect(clients).toEqual([`${vite.hello.client}\tvite (ws)`, `${odd.hello.client}\tdev: 1 (ws)`]);
    expect(await offered(['unwatch', '--name', 'ci', ''], agent.env)).toEqual(roots);
    expect(await offered(['unwatch', '--name=ci', ''], agent.env)).toEqual(roots);
    expect(await offered(['unwatch', ''], agent.env)).toEqual([]);
    expect(await offered(['on', '--topic', ''], env)).toEqual(['file', 'message', 'build.>', 'build.done']);
    expect(await answer(['on', '--name', ''], agent.env)).toEqual([
      'values',
      `ci\tpid ${agent.pid}, ${agent.runFile.url}`,
    ]);
    agent.kill('SIGKILL');
    await agent.exited;
    expect(await offered(['on', '--name', ''], agent.env)).toEqual([]);
  });
});

describe('what a shell reads', () => {
  it('has colons quoted for zsh, and the flag left off', async () => {
    const agent = await startAgent();
    const lines = await answerShell(['zsh', 'agent-cli', 'unwatch', ''], commands, agent.env);
    expect(lines).toEqual(['values', `${agent.root}:0 files`]);
    const flag = await answerShell(['zsh', 'agent-cli', 'on', '--topic=m'], commands, noAgent);
    expect(flag).toEqual(['values', 'file:changes of files', 'message:what broadcast sends on by itself']);
  });

  it('has what fits for bash, and what it is about where that is only shown', async () => {
    const ask = (env: Readonly<Record<string, string>>) =>
      answerShell(['bash', 'agent-cli', 'on', '--topic', '=', 'm'], commands, { ...noAgent, ...env });
    expect(await ask({})).toEqual(['values', 'message']);
    expect(await ask({ COMP_TYPE: '63' })).toEqual([
      'values',
      'message  (what broadcast sends on by itself)',
    ]);
  });

  it('is for agentd its own flags and their values', async () => {
    const ask = (...words: string[]) => answerShell(['fish', 'agentd', ...words], commands, noAgent);
    expect(await ask('')).toEqual(['directories']);
    expect(await ask('web', '--backend', '')).toEqual([
      'values',
      'auto',
      'directories',
      'recursive',
      'chokidar',
      'polling',
    ]);
    expect(await ask('--config', '')).toEqual(['files']);
    expect((await ask('--no')).find((line) => line.startsWith('--no-gitignore\t'))).toBeDefined();
  });
});
