import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from './fixtures/processes.ts';
import { identify, isAlive } from './process-alive.ts';

const onLinux = process.platform === 'linux' ? describe : describe.skip;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('isAlive', () => {
  it('knows this process, and one that has ended', async () => {
    expect(isAlive(identify(process.pid))).toBe(true);
    const child = spawn(process.execPath, ['--eval', '']);
    const { pid } = child;
    await once(child, 'close');
    expect(pid).toBeGreaterThan(0);
    expect(isAlive({ pid: pid ?? 0 })).toBe(false);
  });
});

onLinux('isAlive with /proc', () => {
  it('tells a process from an earlier one of the same number', () => {
    const { start } = identify(process.pid);
    expect(start).toMatch(/^[0-9]+$/);
    expect(isAlive({ pid: process.pid, start })).toBe(true);
    expect(isAlive({ pid: process.pid, start: '1' })).toBe(false);
  });

  it('reads the start of a process whose name holds blanks and parentheses', async () => {
    const child = spawn(process.execPath, [
      '--eval',
      "process.title = ') 1 (2) Z'; console.log('named'); process.stdin.resume()",
    ]);
    children.push(child);
    await once(child.stdout, 'data');
    const identity = identify(child.pid ?? 0);
    expect(Number(identity.start)).toBeGreaterThanOrEqual(Number(identify(process.pid).start));
    expect(isAlive(identity)).toBe(true);
    child.stdin.end();
    await once(child, 'close');
    expect(isAlive(identity)).toBe(false);
  });

  it('counts a zombie as dead', async () => {
    // The shell becomes a sleep, which never asks what became of the child; that ends when this has happened.
    const child = '(until grep -q sleep /proc/$$/comm; do :; done) & echo $!';
    const parent = spawn('sh', ['-c', `${child}; exec sleep 60`]);
    children.push(parent);
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(String(text));
    await until(() => !isAlive({ pid }));
    expect(() => process.kill(pid, 0)).not.toThrow();
  });
});
