// Whoever could have put a socket in the place of the agent's gets nothing: not a connection, not a byte.
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { binaries, runCli, startAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { startCli } from './support/cli-process.ts';
import { until } from './support/wait.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

/** Somebody who sits at an agent's socket and is friendly to everyone. */
class Impostor {
  connections = 0;
  readonly runtime: string;

  constructor(runtime: string) {
    this.runtime = runtime;
  }

  async listen(): Promise<void> {
    const server: Server = createServer((_request, answer) => {
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ url: 'file:///tmp/evil', protocol: 1, pid: process.pid, roots: [] }));
    });
    server.on('connection', () => {
      this.connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(join(this.runtime, 'default.sock'), resolve));
    const lie = { pid: process.pid, version: '0.1.0', logFile: '/etc/hostname', args: ['--host=0.0.0.0'] };
    writeFileSync(join(this.runtime, 'default.json'), JSON.stringify(lie));
    cleanUpWith(() => {
      server.closeAllConnections();
      server.close();
    });
  }
}

/** A runtime directory of this user's own, in a directory in which others may rename it. */
async function replaceable(): Promise<Impostor> {
  const parent = join(temporaryDirectory(), 'shared');
  mkdirSync(join(parent, 'run'), { recursive: true, mode: 0o700 });
  chmodSync(parent, 0o777);
  const impostor = new Impostor(join(parent, 'run'));
  await impostor.listen();
  return impostor;
}

function environment(runtime: string): Record<string, string> {
  return { AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: join(temporaryDirectory(), 'state') };
}

describe('a directory that somebody else can replace', () => {
  const commands = [
    ['status'],
    ['clients'],
    ['roots'],
    ['sync'],
    ['broadcast', 'a secret'],
    ['files'],
    ['tail', '--limit', '1'],
    ['wait'],
    ['on', '**', '--', 'true'],
    ['watch', '.'],
    ['unwatch', '.'],
    ['disconnect', 'c1'],
    ['url'],
    ['url', '--open'],
    ['serve', '.', '--port', '0'],
    ['logs'],
    ['start'],
    ['restart'],
    ['stop'],
  ];

  it('gets nothing from any command, and each says what to do', async () => {
    const impostor = await replaceable();
    const cwd = temporaryDirectory();
    const results = await Promise.all(
      commands.map(async (args) => ({
        args,
        ...(await runCli(args, { cwd, env: environment(impostor.runtime) })),
      })),
    );
    for (const { args, code, stdout, stderr } of results) {
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
      expect(stderr).toContain(`${impostor.runtime} can be replaced by others`);
      expect(stderr).toContain('AGENT_RUNTIME_DIR');
    }
    expect(impostor.connections).toBe(0);
  });

  it('gets nothing from completion or the client library', async () => {
    const impostor = await replaceable();
    const env = environment(impostor.runtime);
    const completed = await runCli(['__complete', 'bash', 'agent-cli', 'disconnect', ''], { env });
    expect(completed.stdout.trim()).toBe('values');
    const names = await runCli(['__complete', 'bash', 'agent-cli', 'status', '--name', ''], { env });
    expect(names.stdout).not.toContain('default');
    const { connect } = (await import(
      pathToFileURL(join(binaries.cli, '../client/node.js')).href
    )) as typeof import('devagent/client');
    const before = process.env['AGENT_RUNTIME_DIR'];
    process.env['AGENT_RUNTIME_DIR'] = impostor.runtime;
    try {
      await expect(connect({ timeoutMs: 10_000 })).rejects.toMatchObject({
        code: 'directory_not_private',
        message: expect.stringContaining(`${impostor.runtime} can be replaced by others`),
      });
    } finally {
      if (before === undefined) delete process.env['AGENT_RUNTIME_DIR'];
      else process.env['AGENT_RUNTIME_DIR'] = before;
    }
    expect(impostor.connections).toBe(0);
  });

  it('is a problem that doctor names, and does not connect to', async () => {
    const impostor = await replaceable();
    const { code, stdout } = await runCli(['doctor', '--json'], { env: environment(impostor.runtime) });
    expect(code).toBe(1);
    const { findings } = JSON.parse(stdout) as {
      findings: { check: string; state: string; found: string }[];
    };
    expect(findings.filter(({ check }) => check === 'runtime-directory')).toMatchObject([
      { state: 'problem', found: expect.stringContaining('can be replaced by others') },
    ]);
    expect(impostor.connections).toBe(0);
  });
});

/** Only root can give a directory away. */
describe('a directory that is somebody else’s (needs root)', () => {
  const places: [string, (directory: string) => string][] = [
    [
      'itself',
      (directory) => {
        chownSync(join(directory, 'run'), nobody, nobody);
        return join(directory, 'run');
      },
    ],
    [
      'a directory above it',
      (directory) => {
        chownSync(directory, nobody, nobody);
        return join(directory, 'run');
      },
    ],
    [
      'a link on the way',
      (directory) => {
        const sticky = join(directory, 'sticky');
        mkdirSync(sticky);
        chmodSync(sticky, 0o1777);
        mkdirSync(join(sticky, 'theirs'));
        symlinkSync(directory, join(sticky, 'theirs', 'link'));
        chownSync(join(sticky, 'theirs'), nobody, nobody);
        return join(sticky, 'theirs', 'link', 'run');
      },
    ],
  ];
  (isRoot ? it : it.skip).each(places)('gets nothing: %s', async (_what, give) => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'run'), { mode: 0o700 });
    const impostor = new Impostor(join(directory, 'run'));
    await impostor.listen();
    const runtime = give(directory);
    for (const args of [['broadcast', 'a secret'], ['logs']]) {
      const { code, stderr } = await runCli(args, { env: environment(runtime) });
      expect(code).toBe(2);
      expect(stderr).toContain(`the user ${nobody}`);
    }
    expect(impostor.connections).toBe(0);
  });
});

describe('a directory that was safe', () => {
  it('is looked at again before each connection', async () => {
    const agent = await startAgent();
    const tail = startCli(['tail', '--no-start'], { env: agent.env });
    await until('tail to be connected', async () => (await agent.broadcast('hello')).matched === 1);
    await tail.line('the message', (line) => line.includes('hello'));
    agent.kill('SIGKILL');
    renameSync(agent.runtime, `${agent.runtime}-gone`);
    mkdirSync(agent.runtime);
    chmodSync(agent.runtime, 0o777);
    const impostor = new Impostor(agent.runtime);
    await impostor.listen();
    expect((await tail.exited).code).toBe(2);
    expect(tail.stderr).toContain(`${agent.runtime} can be entered by others`);
    expect(impostor.connections).toBe(0);
  });

  it('may lie in one that is sticky, such as /tmp, and behind links that are its owner’s', async () => {
    const directory = temporaryDirectory();
    const shared = join(directory, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    symlinkSync(shared, join(directory, 'link'));
    const agent = await startAgent({ runtime: join(directory, 'link', 'run') });
    expect((await runCli(['sync'], { env: agent.env })).code).toBe(0);
    expect(readFileSync(join(shared, 'run', 'default.json'), 'utf8')).toContain(String(agent.pid));
  });
});
