// What the doctor says of an agent and of what belongs to it, on machines that are not at hand.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cleanUpWith, temporaryDirectory } from '../../test/support/cleanup.ts';
import { checkAgent } from './agent.ts';
import type { AgentState } from './agent-state.ts';
import { checkClock, compareFileClock } from './clock.ts';
import type { Finding } from './finding.ts';
import { goodRoot, machineWith, none, only, running } from './fixtures/machine.ts';
import { diagnose } from './index.ts';
import { checkLeftovers } from './leftovers.ts';
import { type Machine, thisMachine } from './machine.ts';
import { checkPort } from './port.ts';
import { checkServices } from './service.ts';
import { checkVersions } from './versions.ts';

describe('leftovers', () => {
  /** A runtime directory with these files, and a process of each id that is listed. */
  function withFiles(files: Readonly<Record<string, string>>, alive: readonly number[] = []): Machine {
    const machine = machineWith({
      userId: process.getuid?.(),
      processExists: (pid) => alive.includes(pid),
      nowMs: () => Date.now() + 60_000,
    });
    mkdirSync(machine.instance.runtime, { mode: 0o700 });
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(machine.instance.runtime, name), text);
    return machine;
  }

  it('are run files, locks and temporary files of processes that are gone', async () => {
    const files = {
      'default.json': '{"pid":1}',
      'default.lock': '{"pid":12,"id":"0123456789abcdef"}',
      'default.lock.0123456789abcdef': '',
      'default.json.12-aa.tmp': '',
      'notes.txt': '',
    };
    const machine = withFiles(files);
    const finding = only(await checkLeftovers(machine), 'leftovers');
    expect(finding.state).toBe('warning');
    for (const name of Object.keys(files)) {
      const path = join(machine.instance.runtime, name);
      expect([name, finding.found.includes(path)]).toEqual([name, name !== 'notes.txt']);
    }
  });

  it('are a problem where a process hangs with the lock', async () => {
    const machine = withFiles({ 'default.lock': '{"pid":12,"id":"0123456789abcdef"}' }, [12]);
    expect(only(await checkLeftovers(machine), 'leftovers')).toMatchObject({
      state: 'problem',
      found: expect.stringMatching(/default\.lock has been held for \d+ s by a process \(pid 12\)$/),
    });
  });

  it("are a problem where something else is in the place of the agent's socket", async () => {
    const machine = withFiles({ 'default.sock': 'x', 'other.sock': 'x' });
    const findings = await checkLeftovers(machine);
    expect(findings.map(({ state, found }) => [state, found.replace(/.*\//, '')])).toEqual([
      ['problem', 'default.sock is no socket of an agent'],
      ['warning', 'other.sock is no socket of an agent'],
    ]);
  });

  it('are none beside an agent that listens', async () => {
    const machine = withFiles({ 'default.json': '{"pid":1}' });
    const server = createServer().listen(machine.instance.socket);
    cleanUpWith(() => void server.close());
    expect(await checkLeftovers(machine)).toMatchObject([{ state: 'ok', found: 'none' }]);
  });
});

describe('the port', () => {
  it('is free, or taken by somebody who is named', async () => {
    const server = createServer();
    cleanUpWith(() => void server.close());
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const real = thisMachine(machineWith().instance, '/');
    const taken = await checkPort({ ...real, env: { AGENT_PORT: String(port) } }, none);
    expect(taken).toMatchObject([{ state: 'problem' }]);
    if (process.platform === 'linux') expect(taken[0]?.found).toContain(`(pid ${process.pid})`);
    // Without being chosen it is only a pity.
    const unchosen = machineWith({ listenError: async () => 'EADDRINUSE' });
    expect(await checkPort(unchosen, none)).toMatchObject([
      { state: 'warning', found: '127.0.0.1:5520 is taken by another program' },
    ]);
    expect(await checkPort(machineWith({ listenError: async () => undefined }), none)).toMatchObject([
      { state: 'ok', found: '127.0.0.1:5520 is free' },
    ]);
    expect(await checkPort(machineWith({ env: { AGENT_PORT: '0' } }), none)).toMatchObject([{ state: 'ok' }]);
  });

  it("of a running agent has to answer, and one that doesn't answer at all is told elsewhere", async () => {
    const closed = machineWith({ fetchError: async () => 'ECONNREFUSED' });
    expect(await checkPort(closed, running())).toMatchObject([
      { state: 'problem', found: '127.0.0.1:5520 does not answer (ECONNREFUSED)' },
    ]);
    expect(await checkPort(closed, { kind: 'unusable', why: '', hint: '' })).toEqual([]);
  });
});

describe('the agent', () => {
  it('may be missing, and must answer when it is there', () => {
    expect(checkAgent(machineWith(), none)).toMatchObject([{ state: 'ok' }]);
    const hung: AgentState = { kind: 'unusable', why: 'it does not answer', hint: 'kill 12' };
    expect(checkAgent(machineWith(), hung)).toMatchObject([
      { state: 'problem', found: 'it does not answer', remedy: 'kill 12' },
    ]);
  });

  it.each([
    [{}, []],
    [{ degraded: 'it is gone' }, ['/srv/app is degraded']],
    [{ ready: false }, ['/srv/app is not ready after 1 h']],
    [{ recrawls: 3 }, []],
    [{ recrawls: 40 }, ['/srv/app was crawled again 40 times in 1 h']],
    [{ auditFindings: 1 }, ['/srv/app had 1 change that only the audit found']],
  ])('has a word to say of a root with %j', (changes, found) => {
    const findings = checkAgent(machineWith(), running({ roots: [{ ...goodRoot, ...changes }] }));
    expect(findings.filter(({ state }) => state === 'warning').map((each) => each.found)).toEqual(found);
  });
});

describe('versions', () => {
  it.each([
    ['20.19.0', 'ok'],
    ['20.20.0', 'ok'],
    ['22.0.0', 'ok'],
    ['20.18.9', 'problem'],
    ['18.99.0', 'problem'],
  ])('Node %s: %s', (nodeVersion, state) => {
    expect(only(checkVersions(machineWith({ nodeVersion }), none), 'node').state).toBe(state);
  });

  it('of agent and CLI are to be the same', () => {
    const machine = machineWith();
    expect(only(checkVersions(machine, running()), 'version').state).toBe('ok');
    expect(only(checkVersions(machine, running({ version: '0.9.0' })), 'version')).toMatchObject({
      state: 'warning',
      commands: ['agent-cli stop && agentd DIR', 'command -v agentd agent-cli'],
    });
    const other = running({ version: '2.0.0', protocol: 2 });
    expect(only(checkVersions(machine, other), 'version').state).toBe('problem');
  });
});

describe('the clock', () => {
  it('is compared with that of a file system', () => {
    const ahead = (ms: number) => compareFileClock(machineWith({ fileClockAheadMs: () => ms }), '/d');
    expect(ahead(-1_000)).toMatchObject([{ state: 'ok' }]);
    expect(ahead(90_000)).toMatchObject([
      { state: 'warning', found: 'new files in /d are 1 min 30 s ahead of the clock' },
    ]);
    expect(ahead(-90_000)[0]?.found).toContain('behind the clock');
    expect(compareFileClock(machineWith({ fileClockAheadMs: () => undefined }), '/d')).toEqual([]);
    const real = thisMachine(machineWith().instance, '/');
    const directory = temporaryDirectory();
    expect(compareFileClock(real, directory)).toMatchObject([{ state: 'ok' }]);
    expect(readdirSync(directory)).toEqual([]);
    expect(compareFileClock(real, join(directory, 'nothing'))).toEqual([]);
  });

  it('that was set while the agent ran is told', () => {
    const files = {
      '/proc/uptime': '10000.00 1.00\n',
      // Started 4,000 s after the boot.
      '/proc/4711/stat': `4711 (a (b) c) S ${'0 '.repeat(18)}400000 0`,
    };
    const jump = (uptimeMs: number) => checkClock(machineWith({}, files), running({ uptimeMs }));
    expect(jump(6_000_000)).toMatchObject([{ state: 'ok' }]);
    expect(jump(9_600_000)).toMatchObject([{ found: 'was set forward by 1 h since the agent started' }]);
    expect(jump(2_400_000)).toMatchObject([
      { state: 'warning', found: expect.stringContaining('back by 1 h') },
    ]);
  });
});

describe('service files', () => {
  /** A package with an agentd of this version. */
  function packageOf(version: string): string {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'dist'));
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ version }));
    writeFileSync(join(directory, 'dist/agentd.js'), '');
    return join(directory, 'dist/agentd.js');
  }
  const unit = (command: string) => `[Service]\nType=simple\nExecStart=${command}\nRestart=on-failure\n`;
  const plist = (words: readonly string[]) =>
    `<plist><dict><key>ProgramArguments</key>\n<array>${words.map((word) => `<string>${word}</string>`).join('\n')}</array></dict></plist>`;

  function look(kind: 'systemd' | 'launchd', text: string): Finding[] {
    const machine = machineWith();
    const folder = join(
      machine.home ?? '',
      kind === 'systemd' ? '.config/systemd/user' : 'Library/LaunchAgents',
    );
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, kind === 'systemd' ? 'devagent.service' : 'dev.devagent.agentd.plist'), text);
    return checkServices(machine);
  }

  it('are not missed', () => expect(checkServices(machineWith())).toEqual([]));

  it('start what is there, of this version', () => {
    const program = packageOf('1.0.0');
    for (const command of [`${process.execPath} ${program} %h/src`, `-"${program}" --port 0`, 'agentd']) {
      expect(look('systemd', unit(command))).toMatchObject([{ check: 'service', state: 'ok' }]);
    }
    expect(look('launchd', plist([process.execPath, program, '/a&amp;b']))).toMatchObject([{ state: 'ok' }]);
  });

  it('that start what is gone are a problem', () => {
    const found = expect.stringContaining('starts /gone/agentd.js, which is not there');
    expect(look('systemd', unit(`${process.execPath} /gone/agentd.js`))).toMatchObject([
      { state: 'problem', found },
    ]);
    expect(look('launchd', plist([process.execPath, '/gone/agentd.js']))).toMatchObject([
      { state: 'problem', found },
    ]);
    expect(look('systemd', unit(`/gone/node ${packageOf('1.0.0')}`))).toMatchObject([{ state: 'problem' }]);
  });

  it('that start another version are worth a warning', () => {
    expect(look('systemd', unit(`${process.execPath} ${packageOf('0.9.0')}`))).toMatchObject([
      { state: 'warning', found: expect.stringContaining('starts version 0.9.0, and agent-cli is 1.0.0') },
    ]);
  });
});

describe('diagnose', () => {
  it('goes on when a check fails', async () => {
    const machine = machineWith({
      listenError: () => {
        throw new Error('out of luck');
      },
    });
    const findings = await diagnose(machine, none);
    expect(only(findings, 'doctor')).toMatchObject({
      state: 'problem',
      found: 'checkPort failed: out of luck',
    });
    expect(findings.map(({ check }) => check)).toContain('clock');
  });
});
