// Completion in the shells that people use, with the scripts as agent-cli prints them.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runCli, startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { findProgram } from './support/find-program.ts';
import { runShell, type ShellName, shellEnv, startTerminalShell, terminalProgram } from './support/shell.ts';
import { until } from './support/wait.ts';

const shells: readonly ShellName[] = ['bash', 'zsh', 'fish'];

/** What bash would offer for a line of these COMP_WORDS. */
async function bashOffers(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string[]> {
  const script = `source <(agent-cli completion bash)
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _agent_cli "$1" "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = await runShell('bash', script, words, { env });
  return output.split('\n').filter((line) => line !== '');
}

/** What fish would offer for a line. */
async function fishOffers(line: string, options: Parameters<typeof runShell>[3]): Promise<string[]> {
  const output = await runShell(
    'fish',
    'agent-cli completion fish | source; complete -C"$argv"',
    [line],
    options,
  );
  return output.split('\n').filter((each) => each !== '');
}

/** An agent with roots whose names have to be quoted. */
async function agentWithOddRoots(): Promise<{ agent: TestAgent; root: string; parent: string }> {
  const parent = temporaryDirectory();
  const root = join(parent, `my "dir": $5 it's`);
  mkdirSync(root);
  return { agent: await startAgent({ roots: [root] }), root, parent };
}

const described = (shell: ShellName) => {
  if (findProgram(shell) === undefined) return { test: it.skip, why: ` (skipped: no ${shell} here)` };
  if (terminalProgram === undefined) return { test: it.skip, why: ' (skipped: no script(1) for a terminal)' };
  return { test: it, why: '' };
};

for (const shell of shells) {
  const { test, why } = described(shell);
  describe(`completion in ${shell}`, () => {
    test(`completes commands, flags, choices and live values at a terminal${why}`, async () => {
      const { agent, root, parent } = await agentWithOddRoots();
      await connect(agent, 'name=vite&topic=build.done');
      const cwd = temporaryDirectory();
      writeFileSync(join(cwd, 'my settings.json'), '{}');
      mkdirSync(join(cwd, 'web app'));
      const terminal = await startTerminalShell(shell, { env: shellEnv(agent.env), cwd });
      const lines = [
        ['agent-cli bro\thi', '<broadcast><hi>'],
        ['agent-cli tail --for\tj\t', '<tail><--format><json>'],
        ['agent-cli tail --format=te\t', '<tail><--format=text>'],
        ['agent-cli help stat\t', '<help><status>'],
        ['agent-cli status --name d\t', '<status><--name><default>'],
        ['agent-cli broadcast --topic b\tx', '<broadcast><--topic><build.done><x>'],
        ['agent-cli disconnect c\tx', '<disconnect><c1><x>'],
        [`agent-cli unwatch ${parent}/\t`, `<unwatch><${root}>`],
        [`agent-cli tail --root ${parent}/\t`, `<tail><--root><${root}>`],
        [`agent-cli tail --root=${parent}/\t`, `<tail><--root=${root}>`],
        ['agentd --log-l\tde\t', '<--log-level><debug>'],
        ['devagent bro\thi', '<broadcast><hi>'],
        ['devagent agent --log-l\tde\t', '<agent><--log-level><debug>'],
        ['agentd --config my\t', '<--config><my settings.json>'],
        // zsh takes back the slash that it added.
        ['agentd we\t', shell === 'zsh' ? '<web app>' : '<web app/>'],
      ] as const;
      for (const [line, words] of lines) expect([line, await terminal.run(line)]).toEqual([line, words]);
    });

    test(`lists values with what they are${why}`, async () => {
      const agent = await startAgent();
      await connect(agent, 'name=vite&topic=build.done');
      const terminal = await startTerminalShell(shell, { env: shellEnv(agent.env) });
      terminal.type('agent-cli tail --topic \t\t');
      await until(
        () => `the list; got ${terminal.shown()}`,
        () => /build\.done.*wanted by c1 vite/s.test(terminal.shown()),
      );
    });

    test(`completes behind -- as the command there does${why}`, async () => {
      const { PATH, ...env } = shellEnv({});
      const programs = temporaryDirectory();
      // Which places have such a command line is the program's answer; here it is always that.
      const answering = `#!/bin/sh\ncase $1 in __complete) echo command ;; *) PATH=$REST exec agent-cli "$@" ;; esac\n`;
      writeFileSync(join(programs, 'agent-cli'), answering, { mode: 0o755 });
      const cwd = temporaryDirectory();
      mkdirSync(join(cwd, 'my dir'));
      const path = `${programs}${delimiter}${PATH}`;
      const terminal = await startTerminalShell(shell, {
        env: { ...env, PATH: path, REST: PATH ?? '' },
        cwd,
      });
      expect(await terminal.run('agent-cli on x=y a:b -- mkfif\tp')).toBe('<on><x=y><a:b><--><mkfifo><p>');
      expect(await terminal.run('agent-cli on x -- rmdir m\t')).toMatch(/^<on><x><--><rmdir><my dir\/?>$/);
    });

    test(`offers nothing and says nothing without an agent, and starts none${why}`, async () => {
      const runtime = temporaryDirectory();
      const env = shellEnv({ AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: temporaryDirectory() });
      const terminal = await startTerminalShell(shell, { env });
      const before = terminal.shown();
      expect(await terminal.run('agent-cli tail --root \t')).toBe('<tail><--root>');
      expect(await terminal.run('agent-cli tail --name \t')).toBe('<tail><--name>');
      expect(terminal.shown().slice(before.length)).not.toContain('agent-cli:');
      expect(readdirSync(runtime)).toEqual([]);
    });
  });
}

describe('the script for bash', () => {
  it('offers what fits, quoted, in COMPREPLY', async () => {
    const { agent, root } = await agentWithOddRoots();
    const env = shellEnv(agent.env);
    expect(await bashOffers(['agent-cli', 'st'], env)).toEqual(expect.arrayContaining(['status', 'stop']));
    expect(await bashOffers(['agent-cli', 'tail', '--f'], env)).toEqual(['--format']);
    expect(await bashOffers(['agent-cli', 'tail', '--format', '=', 'j'], env)).toEqual(['json']);
    const quoted = root.replaceAll(/[ "$']/g, '\\$&');
    expect(await bashOffers(['agent-cli', 'tail', '--root', ''], env)).toEqual([quoted]);
    const last = quoted.slice(quoted.indexOf(':') + 1);
    const start = root.slice(0, root.indexOf(':')).replaceAll(/[ "]/g, '\\$&');
    expect(await bashOffers(['agent-cli', 'tail', '--root', start, ':'], env)).toEqual([last]);
    expect(await bashOffers(['agentd', '--backend', 'p'], env)).toEqual(['polling']);
  });

  it('says what a value is while bash lists them', async () => {
    const agent = await startAgent();
    await connect(agent, 'name=vite&topic=build.done');
    const env = { ...shellEnv(agent.env), COMP_TYPE: '63' };
    const offers = await bashOffers(['agent-cli', 'tail', '--topic', 'b'], env);
    expect(offers).toEqual(['build.done  (wanted by c1 vite)']);
  });
});

describe('the script for fish', () => {
  const test = findProgram('fish') === undefined ? it.skip : it;
  test('offers values with what they are, behind a blank or a =', async () => {
    const { agent, root } = await agentWithOddRoots();
    const options = { env: shellEnv(agent.env) };
    expect(await fishOffers('agent-cli bro', options)).toEqual([
      'broadcast\tSend a message to every client that wants its topic',
    ]);
    expect(await fishOffers('agent-cli tail --root ', options)).toEqual([`${root}\t0 files`]);
    expect(await fishOffers('agent-cli tail --name=', options)).toEqual([
      `--name=default\tpid ${agent.pid}, ${agent.runFile.url}`,
    ]);
  });
});

describe('a question of a shell', () => {
  it('is answered without a word where the agent hangs', async () => {
    const agent = await startAgent();
    agent.kill('SIGSTOP');
    const args = ['__complete', 'bash', 'agent-cli', 'tail', '--root', ''];
    expect(await runCli(args, { env: agent.env })).toEqual({
      code: 0,
      signal: null,
      stdout: 'values\n',
      stderr: '',
    });
  });

  it('is answered without a word where nothing makes sense', async () => {
    const env = { AGENT_RUNTIME_DIR: '/nonexistent', AGENT_NAME: 'No Such Name' };
    for (const words of [[], ['bash'], ['tcsh', 'x'], ['zsh', 'agent-cli', 'tail', '--root', '']]) {
      const result = await runCli(['__complete', ...words], { env });
      expect(result).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

describe('agent-cli completion', () => {
  it('prints the script of the shell that is named, else of SHELL', async () => {
    const named = await runCli(['completion', 'zsh'], { env: { SHELL: '/bin/bash' } });
    expect(named).toMatchObject({ code: 0, stderr: '' });
    expect(named.stdout).toMatch(/^#compdef agent-cli agentd devagent\n/);
    const guessed = await runCli(['completion'], { env: { SHELL: '/usr/bin/fish' } });
    expect(guessed.stdout).toContain('complete -c agent-cli -c agentd');
    const json = await runCli(['completion', 'zsh', '--json'], {});
    expect(JSON.parse(json.stdout)).toEqual({ shell: 'zsh', script: named.stdout });
  });

  it('exits 2 for a shell that it does not know', async () => {
    expect(await runCli(['completion', 'tcsh'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'agent-cli: there is no completion for "tcsh"\n  name one of: bash, zsh, fish\n',
    });
    const unknown = await runCli(['completion'], { env: { SHELL: '/bin/csh' } });
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('which shell? SHELL is "/bin/csh"');
    expect((await runCli(['completion', 'bash', 'zsh'])).code).toBe(2);
  });
});
