// Names and messages are chosen by others. Whatever they are, no command has a terminal do something by printing them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { binaries, runCli, startAgent, type TestAgent } from './support/agent.ts';
import { backgroundPlace } from './support/background.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { runCliHere } from './support/cli-here.ts';
import { startCli, startCliInTerminal } from './support/cli-process.ts';
import { connect } from './support/client.ts';
import { findProgram } from './support/find-program.ts';
import { until } from './support/wait.ts';

/** A title, the clipboard, a cleared screen; the same in one character; a turned direction; a line of its own. */
const hostile = 'x\u001b]0;T\u0007\u001b]52;c;cm0K\u0007\u001b[2J\u009b31m\u007f\u202egpj\u2066\u200f\ny';
/** As far as a client's name may have it. */
const hostileClient = hostile.replaceAll(/\p{Cc}/gu, ' ');

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of our own colours
const ourColors = /\u001b\[(?:0|1|2|22|3[0-79]|9[0-7])m/g;

function hostileRoot(): string {
  const root = join(temporaryDirectory(), hostile);
  mkdirSync(join(root, `d${hostile}`), { recursive: true });
  writeFileSync(join(root, `f${hostile}`), '');
  return root;
}

/** An agent on a root with such a name, in a runtime directory with one, and a client with one. */
async function hostileAgent(): Promise<TestAgent> {
  const agent = await startAgent({
    roots: [hostileRoot()],
    runtime: join(temporaryDirectory(), '\u001b[2J'),
  });
  const query = new URLSearchParams({ name: hostileClient, match: hostile });
  await connect(agent, query.toString(), 'loopback');
  return agent;
}

function expectHarmless(what: unknown, text: string): void {
  // A failure shows the text escaped.
  expect({ what, control: control.exec(text)?.[0], text: JSON.stringify(text) }).toMatchObject({
    control: undefined,
  });
}

describe('agent-cli', () => {
  it('prints nothing that drives a terminal, into a pipe either', async () => {
    const agent = await hostileAgent();
    const since = (await agent.request('/v1/status')).json<{ cursor: string }>().cursor;
    await agent.broadcast(hostile);
    await agent.broadcast({ [hostile]: hostile });
    writeFileSync(join(agent.root, `g${hostile}`), 'x');
    await agent.sync();
    const lines: string[][] = [
      ['status'],
      ['clients'],
      ['roots'],
      ['logs'],
      ['doctor'],
      ['config', agent.root],
      ['tail', '--since', since, '--limit', '3'],
      ['wait', '--timeout', '1', '--match', hostile],
      ['broadcast', '--topic', hostile, 'x'],
      ['files', '--root', hostile],
      ['watch', hostile],
      ['watch', agent.root],
      ['unwatch', hostile],
      ['disconnect', hostile],
      ['start', hostile],
      ['start', agent.root, '--', `--ignore=${hostile}`],
      ['serve', hostile],
      ['completion', hostile],
      ['restart', '--', `--${hostile}`],
      ['tail', '--since', hostile],
      // One that the command line itself shows, by the process as well.
      [hostile],
      ['unwatch', agent.root],
      ['stop'],
      ['status'],
    ];
    // In order, but for those that only look: the agent is to be there for them.
    const run = async (args: readonly string[]) => {
      const { stdout, stderr } = await runCli(args, { env: { ...agent.env, AGENT_NO_START: '1' } });
      expectHarmless(args, stdout + stderr);
    };
    await Promise.all(lines.slice(0, -3).map(run));
    const reaction = startCli(['on', '**', '--initial', '--', hostile, 'x'], {
      env: agent.env,
      cwd: agent.root,
    });
    await until(
      () => `the command to fail: ${reaction.stderr}`,
      () => reaction.stderr.includes("can't be run"),
    );
    expectHarmless('on', reaction.stdout + reaction.stderr);
    for (const args of lines.slice(-3)) await run(args);
  });

  it('refuses wrong words in harmless ones', async () => {
    for (const args of [
      ['--name', hostile, 'status'],
      [hostile],
      [`--${hostile}`],
      ['status', hostile],
      ['logs', '--level', hostile],
    ]) {
      const { code, stdout, stderr } = await runCliHere(args, {});
      expect({ args, code }).toEqual({ args, code: 2 });
      expectHarmless(args, stdout + stderr);
    }
  });

  it('names what it starts without driving a terminal', async () => {
    const place = backgroundPlace();
    const root = hostileRoot();
    for (const args of [['start', root], ['start', root], ['restart'], ['stop']]) {
      const { code, stdout, stderr } = await place.run(args);
      expect(code).toBe(0);
      expectHarmless(args, stdout + stderr);
    }
    writeFileSync(join(place.root, 'agent.config.json'), JSON.stringify({ [hostile]: 1 }));
    const { code, stdout, stderr } = await place.run(['start']);
    expect(code).toBe(2);
    expectHarmless('start', stdout + stderr);
  });

  it('hands data to scripts as it is', async () => {
    const agent = await hostileAgent();
    const { env } = agent;
    const { cursor } = (await agent.request('/v1/status')).json<{ cursor: string }>();
    await agent.broadcast(hostile);
    const tail = ['tail', '--since', cursor, '--limit', '1'];
    expect((await runCli([...tail, '--format', 'text'], { env })).stdout).toBe(`${hostile}\n`);
    const [message] = (await runCli([...tail, '--json'], { env })).stdout.split('\n');
    expect(JSON.parse(message ?? '')).toMatchObject({ data: hostile });
    expect((await runCli(['files', '-0'], { env })).stdout).toBe(`f${hostile}\0`);
  });

  const inTerminal = findProgram('python3') === undefined ? it.skip : it;
  inTerminal('drives no terminal by what is data in a pipe (needs python3)', async () => {
    const agent = await hostileAgent();
    const { cursor } = (await agent.request('/v1/status')).json<{ cursor: string }>();
    await agent.broadcast(hostile);
    const tail = ['tail', '--since', cursor, '--limit', '1'];
    for (const args of [
      tail,
      [...tail, '--format', 'text'],
      [...tail, '--json'],
      ['files'],
      ['status'],
      ['roots'],
    ]) {
      const process = startCliInTerminal(args, { env: { ...agent.env, TERM: 'xterm' } });
      expect(await process.exited).toMatchObject({ code: 0 });
      // The terminal itself makes CR LF of each line break.
      expectHarmless(args, process.stdout.replaceAll('\r\n', '\n').replaceAll(ourColors, ''));
      expect(process.stdout).not.toBe('');
    }
  });
});

describe('agentd', () => {
  /** Runs an agentd that does not start to its end. */
  async function harmless(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const place = temporaryDirectory();
    const own = {
      AGENT_RUNTIME_DIR: join(place, 'run'),
      AGENT_STATE_DIR: join(place, 'state'),
      AGENT_PORT: '0',
    };
    const child = spawn(process.execPath, [binaries.agentd, ...args], {
      cwd: place,
      env: { ...process.env, ...own, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    cleanUpWith(() => void child.kill('SIGKILL'));
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    expectHarmless({ args, env }, stdout + stderr);
    expect(code).not.toBe(0);
    expect(stderr).toContain('agentd: ');
  }

  it('refuses hostile flags, variables and directories in harmless words', async () => {
    const file = join(temporaryDirectory(), hostile);
    writeFileSync(file, '');
    await Promise.all([
      harmless([hostile]),
      harmless([file]),
      harmless([`--${hostile}`]),
      harmless([`--${hostile}=1`]),
      harmless(['--name', hostile]),
      harmless(['--backend', hostile]),
      harmless(['--host', hostile]),
      harmless(['--allow-origin', hostile]),
      harmless(['--config', hostile]),
      harmless(['--port', hostile]),
      harmless([], { AGENT_SETTLE: hostile }),
      harmless([], { AGENT_GITIGNORE: hostile, AGENT_NO_GITIGNORE: `${hostile}2` }),
      harmless([], { AGENT_RUNTIME_DIR: `/proc/${hostile}` }),
      harmless([], { AGENT_STATE_DIR: `/proc/${hostile}` }),
      harmless([], { AGENT_RUNTIME_DIR: `/tmp/${'r'.repeat(100)}${hostile}` }),
    ]);
  });

  it.each([
    ['a key', JSON.stringify({ [hostile]: 1 })],
    ['a value', JSON.stringify({ backend: hostile, ignore: [hostile, 1], settle: hostile })],
    ['what is refused', JSON.stringify({ host: hostile })],
    ['no JSON', hostile],
    ['JSON of another kind', JSON.stringify([hostile])],
  ])('refuses a config file with %s in harmless words', async (_what, content) => {
    const root = hostileRoot();
    writeFileSync(join(root, 'agent.config.json'), content);
    await Promise.all([harmless([root]), harmless(['--config', join(root, 'agent.config.json')])]);
  });

  it('logs them in harmless words', async () => {
    const agent = await hostileAgent();
    const log = join(agent.root, hostile, 'log');
    const other = await startAgent({
      roots: [agent.root],
      flags: ['--log-level', 'debug', '--log-file', log],
    });
    writeFileSync(join(agent.root, `h${hostile}`), 'x');
    await until('the file to be told', async () => (await other.sync()) !== '');
    await other.stop();
    await agent.stop();
    expectHarmless('log', other.stderr + agent.stderr);
  });
});
