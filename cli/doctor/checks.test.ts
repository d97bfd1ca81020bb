// What the doctor says of a machine that is not at hand.
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { checkDirectories } from './directories.ts';
import { checkFileSystems } from './file-systems.ts';
import { goodRoot, machineWith, none, only, running } from './fixtures/machine.ts';
import { checkInotify } from './inotify.ts';
import type { Machine } from './machine.ts';
import { checkOpenFiles } from './open-files.ts';

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
