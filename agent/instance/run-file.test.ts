import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunFile } from '../../shared/index.ts';
import { readRunFile, removeRunFile, writeRunFile } from './run-file.ts';

const content: RunFile = {
  pid: process.pid,
  startedAt: '2030-01-01T00:00:00.000Z',
  version: '1.2.3',
  socket: '/run/default.sock',
  url: 'http://127.0.0.1:5520',
  roots: ['/app'],
  args: ['--port=0'],
  logFile: '/state/default.log',
};

describe('the run file', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'devagent-run-'));
    path = join(directory, 'default.json');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is read as it was written, private, in place of an older one, without litter', () => {
    writeRunFile(path, { ...content, roots: [] });
    writeRunFile(path, content);
    expect(readRunFile(path)).toEqual(content);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['default.json']);
  });

  it('is read without what earlier versions did not write', () => {
    const { args: _args, logFile: _logFile, ...earlier } = content;
    writeFileSync(path, JSON.stringify(earlier));
    expect(readRunFile(path)).toEqual(earlier);
  });

  it('leaves no litter when it can not be written', () => {
    mkdirSync(path);
    expect(() => writeRunFile(path, content)).toThrow(/EISDIR/);
    expect(readdirSync(directory)).toEqual(['default.json']);
  });

  it('is undefined when it is missing or malformed', () => {
    expect(readRunFile(path)).toBeUndefined();
    for (const text of ['', '{', '[]', '{"pid":1}', JSON.stringify({ ...content, pid: -1 })]) {
      writeFileSync(path, text);
      expect(readRunFile(path)).toBeUndefined();
    }
    rmSync(path);
    mkdirSync(path);
    expect(readRunFile(path)).toBeUndefined();
  });

  it('is removed by the process that it names, and by no other', () => {
    writeRunFile(path, { ...content, pid: process.pid + 1 });
    removeRunFile(path);
    expect(readdirSync(directory)).toEqual(['default.json']);
    writeRunFile(path, content);
    removeRunFile(path);
    expect(readdirSync(directory)).toEqual([]);
    removeRunFile(path);
    expect(readdirSync(directory)).toEqual([]);
  });
});
