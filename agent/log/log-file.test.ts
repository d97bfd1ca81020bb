import {
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogFile } from './log-file.ts';

describe('LogFile', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'devagent-log-file-'));
    path = join(directory, 'log');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const read = (name: string): string[] =>
    readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1);

  it('loses no line and splits none when it rotates in a burst', () => {
    const file = new LogFile(path, { maxBytes: 1_000, maxFiles: 1_000 });
    const lines = Array.from({ length: 5_000 }, (_, number) => `${number} ${'é'.repeat(number % 40)}`);
    for (const line of lines) file.write(line);
    file.close();
    const names = readdirSync(directory).sort((a, b) => Number(b.slice(4)) - Number(a.slice(4)));
    expect(names.length).toBeGreaterThan(100);
    expect(names.flatMap(read)).toEqual(lines);
    for (const name of names) {
      expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(1_000);
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    }
  });

  it('keeps the newest lines in so many files', () => {
    const file = new LogFile(path, { maxBytes: 10, maxFiles: 3 });
    for (const line of ['first', 'second', 'third', 'fourth', 'fifth']) file.write(line);
    file.close();
    expect(readdirSync(directory).sort()).toEqual(['log', 'log.1', 'log.2']);
    expect([read('log'), read('log.1'), read('log.2')]).toEqual([['fifth'], ['fourth'], ['third']]);
  });

  it('keeps no older file when it may have one only', () => {
    const file = new LogFile(path, { maxBytes: 10, maxFiles: 1 });
    for (const line of ['first', 'second', 'third']) file.write(line);
    file.close();
    expect(readdirSync(directory)).toEqual(['log']);
    expect(read('log')).toEqual(['third']);
  });

  it('takes a line longer than a file may be', () => {
    const file = new LogFile(path, { maxBytes: 10, maxFiles: 3 });
    for (const line of ['a', 'b'.repeat(100), 'c']) file.write(line);
    file.close();
    expect([read('log'), read('log.1'), read('log.2')]).toEqual([['c'], ['b'.repeat(100)], ['a']]);
  });

  it('counts what the file held before', () => {
    for (const line of ['first', 'second']) {
      const file = new LogFile(path, { maxBytes: 10, maxFiles: 2 });
      file.write(line);
      file.close();
    }
    expect([read('log'), read('log.1')]).toEqual([['second'], ['first']]);
  });

  it('refuses a device, which rotating would rename', () => {
    expect(() => new LogFile('/dev/null').write('line')).toThrow('/dev/null is not a regular file');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('follows no link, neither to a file nor to where one would be made, nor after a rotation', () => {
    const precious = join(directory, 'precious');
    writeFileSync(precious, 'mine\n');
    symlinkSync(precious, path);
    symlinkSync(join(directory, 'new'), join(directory, 'other'));
    symlinkSync(precious, `${join(directory, 'rotating')}.1`);
    expect(() => new LogFile(path).write('line')).toThrow(`${path} is a symbolic link`);
    expect(() => new LogFile(join(directory, 'other')).write('line')).toThrow('is a symbolic link');
    const rotating = new LogFile(join(directory, 'rotating'), { maxBytes: 10 });
    for (const line of ['first', 'second']) rotating.write(line);
    rotating.close();
    expect(read('precious')).toEqual(['mine']);
    expect(read('rotating.1')).toEqual(['first']);
    expect(readdirSync(directory)).not.toContain('new');
  });

  (process.getuid?.() === 0 ? it : it.skip)("appends to nobody else's file (needs root)", () => {
    writeFileSync(path, '');
    chownSync(path, 12_345, 12_345);
    expect(() => new LogFile(path).write('a secret')).toThrow(`${path} belongs to the user 12345`);
    expect(statSync(path).size).toBe(0);
  });
});
