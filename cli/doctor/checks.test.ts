// Machines that are not at hand: each is the real one, but for what a test says of it.
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { instancePaths, type RootStatus, type Status } from '../../shared/index.ts';
import { cleanUpWith, temporaryDirectory } from '../../test/support/cleanup.ts';
import { checkAgent } from './agent.ts';
import type { AgentState } from './agent-state.ts';
import { checkClock, compareFileClock } from './clock.ts';
import { checkDirectories } from './directories.ts';
import { checkFileSystems } from './file-systems.ts';
import type { Finding } from './finding.ts';
import { diagnose } from './index.ts';
import { checkInotify } from './inotify.ts';
import { checkLeftovers } from './leftovers.ts';
import { type Machine, thisMachine } from './machine.ts';
import { checkOpenFiles } from './open-files.ts';
import { checkPort } from './port.ts';
import { checkServices } from './service.ts';
import { checkVersions } from './versions.ts';

const none: AgentState = { kind: 'none' };

const goodRoot: RootStatus = {
  path: '/srv/app',
  backend: 'directories',
  ready: true,
  files: 5_000,
  dirs: 900,
  watches: 900,
  recrawls: 0,
  auditFindings: 0,
  degraded: null,
};

function running(status: Partial<Status> = {}): AgentState {
  return {
    kind: 'running',
    status: {
      version: '1.0.0',
      protocol: 1,
      pid: 4711,
      uptimeMs: 3_600_000,
      cursor: 'a:1',
      oldest: 'a:1',
      roots: [goodRoot],
      clients: 1,
      journal: { events: 0, bytes: 0, limitBytes: 1 },
      memory: { rssBytes: 1, heapUsedBytes: 1 },
      url: 'http://127.0.0.1:5520/',
      ...status,
    },
  };
}

/** A machine on which these files say this, and everything else is as it is here. */
function machineWith(changes: Partial<Machine> = {}, files: Readonly<Record<string, string>> = {}): Machine {
  const home = temporaryDirectory();
  const env = { AGENT_RUNTIME_DIR: join(home, 'run'), AGENT_STATE_DIR: join(home, 'state') };
  const real = thisMachine(instancePaths('default', env), home);
  return {
    ...real,
    platform: 'linux',
    env: {},
    userId: 1000,
    home,
    version: '1.0.0',
    nodeVersion: '20.19.0',
    oldestNode: '20.19.0',
    // No process but those that a test describes.
    list: (path) => (path.startsWith('/proc') ? [] : real.list(path)),
    readText: (path) => files[path] ?? (path.startsWith('/proc') ? undefined : real.readText(path)),
    ...changes,
  };
}

/** The one finding of this check; an error if there are more, or none. */
function only(findings: readonly Finding[], check: string): Finding {
  const [finding, ...more] = findings.filter((each) => each.check === check);
  if (finding === undefined || more.length > 0) throw new Error(JSON.stringify(findings));
  return finding;
}

describe('inotify', () => {
  const limits = (watches: number, instances: number, queue: number, files: Record<string, string> = {}) => ({
    '/proc/sys/fs/inotify/max_user_watches': `${watches}\n`,
    '/proc/sys/fs/inotify/max_user_instances': `${instances}\n`,
    '/proc/sys/fs/inotify/max_queued_events': `${queue}\n`,
    ...files,
  });
  /** A machine on which one process, an editor, holds so many watches in so many instances. */
  function withEditor(files: Record<string, string>, watches: number, instances = 1): Machine {
    const descriptors = Array.from({ length: instances }, (_, index) => String(index));
    const lists: Record<string, string[]> = { '/proc': ['77', 'self', 'sys'], '/proc/77/fd': descriptors };
    return machineWith(
      {
        list: (path) => lists[path] ?? [],
        readLink: () => 'anon_inode:inotify',
        lstat: () => Object.assign(statSync('/'), { uid: 1000 }),
      },
      { ...files, '/proc/77/fdinfo/0': 'inotify wd:1 ino:2\n'.repeat(watches), '/proc/77/comm': 'editor\n' },
    );
  }

  it('is fine with limits far away', () => {
    const findings = checkInotify(withEditor(limits(524_288, 128, 16_384), 100), running());
    expect(findings.map(({ check, state, found }) => [check, state, found])).toEqual([
      ['inotify-watches', 'ok', '100 of 524288 in use'],
      ['inotify-instances', 'ok', '1 of 128 in use'],
      ['inotify-queue', 'ok', '16384 events'],
    ]);
  });

  it('is a problem when a root got no watches, with the line that raises the limit for good', () => {
    const roots = [
      goodRoot,
      {
        ...goodRoot,
        path: '/srv/big',
        backend: 'polling',
        watches: 0,
        dirs: 9_000,
        degraded: 'no more (ENOSPC), …',
      },
    ];
    const finding = only(
      checkInotify(withEditor(limits(8_192, 128, 16_384), 7_000), running({ roots })),
      'inotify-watches',
    );
    expect(finding).toMatchObject({
      state: 'problem',
      found: '7000 of 8192 in use, and 9000 directories got none',
      means: expect.stringContaining('editor (pid 77) has 7000'),
      commands: [
        'sudo sysctl fs.inotify.max_user_watches=1048576',
        'echo fs.inotify.max_user_watches=1048576 | sudo tee -a /etc/sysctl.d/60-devagent.conf',
        'agent-cli stop && agentd DIR',
      ],
    });
  });

  it('is worth a warning when the limit is low, or nearly used up, also without an agent', () => {
    for (const [limit, used] of [
      [8_192, 10],
      [100_000, 80_001],
    ] as const) {
      const findings = checkInotify(withEditor(limits(limit, 128, 16_384), used), none);
      expect(only(findings, 'inotify-watches')).toMatchObject({
        state: 'warning',
        found: `${used} of ${limit} in use`,
      });
    }
  });

  it('asks for more than twice of what is used', () => {
    const finding = only(
      checkInotify(withEditor(limits(1_048_576, 9, 16_384), 1_000_000), none),
      'inotify-watches',
    );
    expect(finding.commands[0]).toBe('sudo sysctl fs.inotify.max_user_watches=2097152');
  });

  it('knows the lower limit of a user namespace', () => {
    const files = limits(524_288, 128, 16_384, { '/proc/sys/user/max_inotify_watches': '50' });
    const finding = only(checkInotify(withEditor(files, 49), none), 'inotify-watches');
    expect([finding.found, finding.commands[0]]).toEqual([
      '49 of 50 in use',
      'sudo sysctl user.max_inotify_watches=1048576',
    ]);
  });

  it('is a problem when no instance is left for an agent', () => {
    const machine = withEditor(limits(524_288, 3, 16_384), 1, 3);
    expect(only(checkInotify(machine, none), 'inotify-instances')).toMatchObject({
      state: 'problem',
      found: '3 of 3 in use',
    });
    expect(only(checkInotify(machine, running()), 'inotify-instances').state).toBe('warning');
    const roots = [{ ...goodRoot, backend: 'polling', degraded: 'no more (EMFILE), …' }];
    expect(only(checkInotify(machine, running({ roots })), 'inotify-instances').state).toBe('problem');
  });

  it('is worth a warning with a short queue', () => {
    const finding = only(checkInotify(withEditor(limits(524_288, 128, 100), 1), none), 'inotify-queue');
    expect([finding.state, finding.commands[0]]).toEqual([
      'warning',
      'sudo sysctl fs.inotify.max_queued_events=16384',
    ]);
  });

  it('is not looked for elsewhere', () => {
    expect(checkInotify(machineWith({ platform: 'darwin' }), none)).toEqual([]);
  });
});

describe('open files', () => {
  const limit = (soft: string) =>
    `Limit Soft Hard Units\nMax open files            ${soft}   1048576   files\n`;

  it.each([
    ['self', none, '256', 0, 'warning'],
    ['self', none, '1024', 0, 'ok'],
    ['self', none, 'unlimited', 0, 'ok'],
    ['4711', running(), '1024', 100, 'ok'],
    ['4711', running(), '1024', 800, 'warning'],
    ['4711', running(), '1024', 1_000, 'problem'],
  ] as const)('of %s are judged by the limit and what is used of it', (pid, agent, soft, used, state) => {
    const names = Array.from({ length: used }, String);
    const machine = machineWith({ list: () => names }, { [`/proc/${pid}/limits`]: limit(soft) });
    expect(only(checkOpenFiles(machine, agent), 'open-files').state).toBe(state);
  });
});

describe('file systems', () => {
  const mountinfo = [
    '20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
    '21 20 0:30 / /mnt/c rw - 9p C:\\134 rw',
    '22 20 0:31 / /srv/my\\040share rw - nfs4 server:/share rw',
    '23 20 0:32 / /box rw - overlay overlay rw',
  ].join('\n');
  const types: Readonly<Record<string, number>> = {
    '/mnt/c/app': 0x01021997,
    '/srv/my share/app': 0x6969,
    '/box/app': 0x794c7630,
  };
  const machineAt = (directory: string): Machine =>
    machineWith(
      { directory, fileSystemType: (path) => types[path] ?? 0xef53 },
      {
        '/proc/self/mountinfo': mountinfo,
      },
    );

  it.each([
    ['/home/app', undefined, 'ok', '/home/app is on ext4'],
    ['/mnt/c/app', undefined, 'warning', '/mnt/c/app is on 9p'],
    ['/mnt/c/app', 'polling', 'warning', '/mnt/c/app is on 9p, and is polled'],
    ['/mnt/c/app', 'directories', 'problem', '/mnt/c/app is on 9p, watched by directories'],
    ['/srv/my share/app', undefined, 'warning', '/srv/my share/app is on NFS'],
    ['/box/app', 'directories', 'warning', '/box/app is on an overlay'],
    ['/box/app', 'polling', 'ok', '/box/app is on overlay'],
  ])('%s, watched by %s: %s', (path, backend, state, found) => {
    const agent = backend === undefined ? none : running({ roots: [{ ...goodRoot, path, backend }] });
    expect(checkFileSystems(machineAt(path), agent)).toMatchObject([{ check: 'file-system', state, found }]);
  });

  it('that are mounted inside a root are found, too', () => {
    const agent = running({ roots: [{ ...goodRoot, path: '/srv' }] });
    expect(checkFileSystems(machineAt('/srv'), agent)).toMatchObject([
      { state: 'ok', found: '/srv is on ext4' },
      { state: 'warning', found: '/srv/my share, inside the root /srv, is on nfs4' },
    ]);
  });

  it('are told by their number where nobody lists mounts', () => {
    const machine = machineWith({ directory: '/mnt/c/app', fileSystemType: (path) => types[path] });
    expect(checkFileSystems(machine, none)).toMatchObject([
      { state: 'warning', found: '/mnt/c/app is on 9p' },
    ]);
  });
});

describe('directories', () => {
  const userId = process.getuid?.();
  if (userId === undefined) return;
  const own = (changes: Partial<Machine> = {}): Machine => machineWith({ userId, ...changes });

  it('that are not there yet can be made', () => {
    const findings = checkDirectories(own());
    expect(findings.map(({ state }) => state)).toEqual(['ok', 'ok']);
    expect(findings[0]?.found).toMatch(/run, not there yet$/);
  });

  it('that can not be made are a problem', () => {
    const findings = checkDirectories(own({ mayWrite: () => false }));
    expect(only(findings, 'runtime-directory')).toMatchObject({
      state: 'problem',
      found: expect.stringMatching(/run can't be made: you may not write in \//),
      remedy: expect.stringContaining('AGENT_RUNTIME_DIR'),
    });
  });

  it("that are another user's are explained", () => {
    const machine = own({ userId: userId + 1 });
    mkdirSync(machine.instance.state, { mode: 0o700 });
    const finding = only(checkDirectories(machine), 'state-directory');
    expect(finding).toMatchObject({
      state: 'problem',
      found: `${machine.instance.state} belongs to the user ${userId}, not to you (${userId + 1})`,
      means: expect.stringContaining('sudo'),
      remedy: expect.stringContaining('AGENT_STATE_DIR'),
      commands: [`sudo chown -R ${userId + 1} ${machine.instance.state}`],
    });
  });

  it('that others can enter, or nobody, are to be changed', () => {
    const machine = own();
    const { runtime, state } = machine.instance;
    mkdirSync(runtime);
    chmodSync(runtime, 0o755);
    mkdirSync(state);
    chmodSync(state, 0o500);
    const findings = checkDirectories(machine);
    expect(only(findings, 'runtime-directory')).toMatchObject({
      state: 'problem',
      found: `${runtime} can be entered by others (mode 755)`,
      commands: [`chmod 700 ${runtime}`],
    });
    expect(only(findings, 'state-directory').found).toContain('is closed to yourself (mode 500)');
  });

  it('that are none are a problem', () => {
    const machine = own();
    const { runtime, state } = machine.instance;
    symlinkSync('/tmp', runtime);
    writeFileSync(state, '');
    const findings = checkDirectories(machine);
    expect(only(findings, 'runtime-directory').found).toBe(`${runtime} is a symbolic link`);
    expect(only(findings, 'state-directory').found).toBe(`${state} is not a directory`);
  });

  it('have a token that others can not read', () => {
    const machine = own();
    const { state, tokenFile } = machine.instance;
    mkdirSync(state, { mode: 0o700 });
    writeFileSync(tokenFile, 'secret', { mode: 0o600 });
    expect(only(checkDirectories(machine), 'token').state).toBe('ok');
    chmodSync(tokenFile, 0o644);
    const finding = only(checkDirectories(machine), 'token');
    expect(finding).toMatchObject({
      state: 'problem',
      found: `${tokenFile} can be read by others (mode 644)`,
    });
    expect(JSON.stringify(finding)).not.toContain('secret');
  });
});

describe('leftovers', () => {
  /** A runtime directory with these files, and a process of each id that is listed. */
  function withFiles(files: Readonly<Record<string, string>>, alive: readonly number[] = []): Machine {
    const machine = machineWith({
      userId: process.getuid?.(),
      isProcessAlive: (pid) => alive.includes(pid),
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
