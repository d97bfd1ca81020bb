import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLog, type Log, type LogOptions } from './log.ts';

/** A console that can be read. */
class Console extends Writable {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY = false) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  async until(pattern: RegExp): Promise<void> {
    const limitMs = performance.now() + 10_000;
    while (!pattern.test(this.text)) {
      if (performance.now() > limitMs) throw new Error(`${pattern} never came; what did: ${this.text}`);
      await sleep(2);
    }
  }
}

let directory: string;
let file: string;
let screen: Console;
const logs: Log[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'devagent-log-'));
  file = join(directory, 'state', 'default.log');
  screen = new Console();
});
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
  rmSync(directory, { recursive: true });
});

function open(options: Partial<LogOptions> = {}): Log {
  const log = createLog({ level: 'info', console: screen, ...options });
  logs.push(log);
  return log;
}

function readEntries(path = file): Record<string, unknown>[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the console', () => {
  it('gets one readable line an event', async () => {
    const log = open();
    log.info('root ready', { root: '/x', files: 12, ms: 3 });
    log.error('stopped');
    await log.close();
    expect(screen.lines).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} info {2}root ready {2}root=\/x files=12 ms=3$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} error stopped$/),
    ]);
  });

  it('gets the level that was asked for and those above', async () => {
    for (const [level, expected] of [
      ['error', 'error'],
      ['warn', 'error warn'],
      ['info', 'error warn info'],
      ['debug', 'error warn info debug'],
    ] as const) {
      screen = new Console();
      const log = open({ level, console: screen });
      log.error('event');
      log.warn('event');
      log.info('event');
      log.debug('event');
      expect(log.isDebug()).toBe(level === 'debug');
      await log.close();
      expect(screen.lines.map((line) => line.split(/ +/)[1]).join(' ')).toBe(expected);
    }
  });

  it('gets colours on a terminal alone, and none where NO_COLOR is set', async () => {
    const before = process.env['NO_COLOR'];
    const colour = '\u001b[';
    try {
      for (const [isTTY, noColor, expected] of [
        [true, '', true],
        [true, '1', false],
        [false, '', false],
      ] as const) {
        process.env['NO_COLOR'] = noColor;
        screen = new Console(isTTY);
        const log = open({ console: screen });
        log.info('event', { key: 1 });
        await log.close();
        expect(screen.text.includes(colour)).toBe(expected);
      }
    } finally {
      if (before === undefined) delete process.env['NO_COLOR'];
      else process.env['NO_COLOR'] = before;
    }
  });

  it('may break without taking the agent along', async () => {
    const log = open({ file });
    log.info('before');
    await screen.until(/before/);
    screen.destroy(new Error('EPIPE'));
    log.info('after');
    await log.close();
    expect(readEntries().map(({ event }) => event)).toEqual(['before', 'after']);
  });
});

describe('the file', () => {
  it('gets the same events as JSON lines, and belongs to the user alone', async () => {
    const log = open({ file });
    log.info('root ready', {
      root: '/a b',
      files: 12,
      nothing: undefined,
      level: 'no',
      nested: { deep: [1n] },
    });
    log.debug('hidden');
    await log.close();
    expect(readEntries()).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        level: 'info',
        event: 'root ready',
        root: '/a b',
        files: 12,
        nested: { deep: ['1'] },
      },
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'state')).mode & 0o777).toBe(0o700);
  });

  it('has everything once close resolves, also what was logged just before', async () => {
    const log = open({ file });
    for (let number = 0; number < 1_000; number += 1) log.info('event', { number });
    await Promise.all([log.close(), log.close()]);
    log.info('too late');
    await log.close();
    expect(readEntries().map(({ number }) => number)).toEqual(
      Array.from({ length: 1_000 }, (_, number) => number),
    );
    expect(screen.lines).toHaveLength(1_000);
  });

  it('is appended to by the next log', async () => {
    for (const event of ['first', 'second']) {
      const log = open({ file });
      log.info(event);
      await log.close();
    }
    expect(readEntries().map(({ event }) => event)).toEqual(['first', 'second']);
  });

  it.each([
    ['a directory', () => mkdirSync(file, { recursive: true }), 'is not a regular file'],
    ['below a file', () => (file = join(process.execPath, 'log')), 'EEXIST|ENOTDIR'],
  ])('that can not be written is a warning, once: %s', async (_what, prepare, reason) => {
    prepare();
    const log = open({ file });
    log.info('first');
    log.info('second');
    await log.close();
    const warnings = screen.lines.filter((line) => / warn {2}log file not written {2}file=/.test(line));
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`file=${file} error=.*(${reason})`))]);
    expect(screen.lines).toHaveLength(3);
  });

  it('tells how many lines were lost while it could not be written', async () => {
    const log = open({ file, maxBytes: 100, maxFiles: 2 });
    // In the way of the file that is put aside.
    mkdirSync(join(directory, 'state', 'default.log.1'));
    log.info('fits', { fill: 'x'.repeat(30) });
    log.info('lost', { fill: 'x'.repeat(30) });
    log.info('lost too');
    await screen.until(/lost too/);
    rmdirSync(join(directory, 'state', 'default.log.1'));
    log.info('last', { fill: 'x'.repeat(30) });
    await log.close();
    expect(readEntries(`${file}.1`)).toMatchObject([{ level: 'warn', event: 'log lines lost', lines: 2 }]);
    expect(readEntries()).toMatchObject([{ event: 'last' }]);
    expect(screen.lines.filter((line) => line.includes('log file not written'))).toHaveLength(1);
  });
});

describe('a child log', () => {
  it('adds its fields to every entry, and closes with its parent', async () => {
    const log = open({ file });
    const child = log.child({ root: '/x' }).child({ part: 'watch' });
    child.info('event', { part: 'own', files: 1 });
    child.warn('event');
    log.info('event');
    await child.close();
    expect(readEntries().map(({ time, event, ...rest }) => rest)).toEqual([
      { level: 'info', root: '/x', part: 'own', files: 1 },
      { level: 'warn', root: '/x', part: 'watch' },
      { level: 'info' },
    ]);
  });
});
