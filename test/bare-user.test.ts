// A user who has a number and nothing else: no name, no home, no variables, as a container's --user 12345 gives one.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { binaries } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { findProgram } from './support/find-program.ts';

const userId = 12_345;

const setpriv = findProgram('setpriv');

function canBeBare(): boolean {
  if (process.getuid?.() !== 0 || setpriv === undefined) return false;
  try {
    execFileSync(setpriv, [`--reuid=${userId}`, '--clear-groups', 'test', '-r', binaries.cli], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

/** A directory that anybody may use. */
function openDirectory(): string {
  const path = temporaryDirectory();
  chmodSync(path, 0o1777);
  return path;
}

class BareUser {
  readonly temporary = openDirectory();
  readonly root = openDirectory();

  async run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const bare = ['--reuid', String(userId), '--regid', '0', '--clear-groups', process.execPath, program];
    const child = spawn(setpriv ?? '', [...bare, ...args], {
      cwd: this.root,
      // The port, so that no test meets another.
      env: { PATH: process.env['PATH'] ?? '', TMPDIR: this.temporary, AGENT_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    cleanUpWith(() => void child.kill('SIGKILL'));
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    return { code, stdout, stderr };
  }
}

if (!canBeBare()) console.warn('not root, or no setpriv: nobody can be a user without a name here');

(canBeBare() ? describe : describe.skip)('a user without name and home', () => {
  it('has an agent whose files are all in TMPDIR/devagent-UID', async () => {
    const user = new BareUser();
    const place = join(user.temporary, `devagent-${userId}`);
    expect(await user.run(binaries.agentd, ['--version'])).toMatchObject({ code: 0, stderr: '' });
    expect(await user.run(binaries.cli, ['status'])).toMatchObject({ code: 3 });
    cleanUpWith(() => user.run(binaries.cli, ['stop']).then(() => {}));
    expect(await user.run(binaries.cli, ['start'])).toMatchObject({ code: 0, stderr: '' });
    expect(statSync(place).mode & 0o777).toBe(0o700);
    expect(readdirSync(place)).toEqual(expect.arrayContaining(['default.sock', 'default.log', 'token']));
    for (const args of [
      ['broadcast', 'x'],
      ['files'],
      ['url'],
      ['logs'],
      ['config'],
      ['doctor'],
      ['restart'],
    ]) {
      const { code, stderr } = await user.run(binaries.cli, args);
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
    }
    expect(await user.run(binaries.cli, ['stop'])).toMatchObject({ code: 0 });
  });

  it('needs no home with both directories given, and is told what to set where they can not be made', async () => {
    const user = new BareUser();
    const given = {
      AGENT_RUNTIME_DIR: join(user.root, 'run'),
      AGENT_STATE_DIR: join(user.root, 'state'),
    };
    cleanUpWith(() => user.run(binaries.cli, ['stop'], given).then(() => {}));
    expect(await user.run(binaries.cli, ['start'], given)).toMatchObject({ code: 0 });
    expect(await user.run(binaries.cli, ['stop'], given)).toMatchObject({ code: 0 });
    expect(readdirSync(user.temporary)).toEqual([]);
    const closed = join(openDirectory(), 'closed');
    mkdirSync(closed, { mode: 0o755 });
    for (const [program, args] of [
      [binaries.agentd, []],
      [binaries.cli, ['start']],
    ] as const) {
      const { code, stderr } = await user.run(program, args, { TMPDIR: closed });
      expect(code).not.toBe(0);
      expect(stderr).toContain(`${closed}/devagent-${userId} can't be made (EACCES)`);
      expect(stderr).toMatch(/set AGENT_(RUNTIME|STATE)_DIR/);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });
});
