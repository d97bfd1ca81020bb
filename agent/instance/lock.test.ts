import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { endFixtures, Fixture } from './fixtures/processes.ts';
import { acquireLock } from './lock.ts';
import { identify } from './process-alive.ts';

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('acquireLock', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'devagent-lock-'));
    path = join(directory, 'lock');
  });
  afterEach(async () => {
    await endFixtures();
    rmSync(directory, { recursive: true });
  });

  /** The lock of a process that crashed while it held it. */
  async function leaveStaleLock(at: string): Promise<void> {
    const holder = new Fixture('hold-lock', [at]);
    expect(await holder.line()).toBe('held');
    await holder.crash();
  }

  async function countWithTenProcesses(...args: string[]): Promise<number> {
    const counter = join(directory, 'counter');
    writeFileSync(counter, '0');
    const processes = Array.from(
      { length: 10 },
      () => new Fixture('count-under-lock', [path, counter, ...args]),
    );
    for (const fixture of processes) expect(await fixture.line()).toBe('ready');
    for (const fixture of processes) fixture.go();
    const expected = args.includes('crash') ? 'SIGKILL' : 0;
    for (const fixture of processes) expect(await fixture.end()).toBe(expected);
    const count = Number(readFileSync(counter, 'utf8'));
    rmSync(counter);
    return count;
  }

  it('leaves a private file that names the owner while it is held, and nothing after', async () => {
    const lock = await acquireLock(path);
    expect(readdirSync(directory)).toEqual(['lock']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ ...identify(process.pid) });
    lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('waits until the owner releases it', async () => {
    const order: string[] = [];
    const first = await acquireLock(path);
    const waiting = acquireLock(path).then((second) => {
      order.push('second has it');
      return second;
    });
    await expect(acquireLock(path, { waitMs: 50 })).rejects.toThrow();
    order.push('first releases');
    first.release();
    (await waiting).release();
    expect(order).toEqual(['first releases', 'second has it']);
  });

  it('gives up on a living owner, naming it and the file', async () => {
    const holder = new Fixture('hold-lock', [path]);
    expect(await holder.line()).toBe('held');
    await expect(acquireLock(path, { waitMs: 60 })).rejects.toMatchObject({
      code: 'lock_held',
      message: expect.stringMatching(new RegExp(`${path}.*the process ${holder.pid} `)),
    });
  });

  it('breaks the lock of a process that crashed', async () => {
    await leaveStaleLock(path);
    (await acquireLock(path, { waitMs: 0 })).release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('breaks a stale lock whose breaker crashed as well', async () => {
    await leaveStaleLock(path);
    const { id } = JSON.parse(readFileSync(path, 'utf8')) as { id: string };
    await leaveStaleLock(`${path}.${id}`);
    (await acquireLock(path)).release();
    expect(readdirSync(directory)).toEqual([]);
  });

  onLinux('breaks the lock of a process whose number belongs to another one by now', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, start: '1', id: '0123456789abcdef' }));
    (await acquireLock(path, { waitMs: 0 })).release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each([
    ['', 'empty'],
    ['{"pid":0,"id":"0123456789abcdef"}', 'a group of processes'],
    [`{"pid":${2 ** 30},"id":"../../../elsewhere"}`, 'an id that leads elsewhere'],
  ])('neither breaks nor follows a file that names no owner: %s (%s)', async (content) => {
    writeFileSync(path, content);
    await expect(acquireLock(path, { waitMs: 30 })).rejects.toMatchObject({
      code: 'lock_held',
      message: expect.stringContaining(`${path}: it does not say which process holds it: delete it`),
    });
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it('does not release the lock of another process', async () => {
    const lock = await acquireLock(path);
    rmSync(path);
    const other = await acquireLock(path);
    lock.release();
    expect(readdirSync(directory)).toEqual(['lock']);
    other.release();
    other.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('lets one process in at a time when ten break one stale lock at once', async () => {
    await leaveStaleLock(path);
    expect(await countWithTenProcesses('10')).toBe(100);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('lets one process in at a time when each of ten dies holding it', async () => {
    await leaveStaleLock(path);
    expect(await countWithTenProcesses('5', 'crash')).toBe(50);
    expect(readdirSync(directory)).toEqual(['lock']);
  });
});
