import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { instancePaths } from '../../shared/index.ts';
import { takeStartTurn } from './start-turn.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cli-turn-'));
  file = join(directory, 'x.starting');
});
afterEach(() => rmSync(directory, { recursive: true }));

const take = (anyway = false) =>
  takeStartTurn(instancePaths('x', { AGENT_RUNTIME_DIR: directory, AGENT_STATE_DIR: directory }), anyway);

describe('takeStartTurn', () => {
  it('is for one at a time', () => {
    const turn = take();
    expect(turn).toBeDefined();
    expect(take()).toBeUndefined();
    turn?.release();
    expect(existsSync(file)).toBe(false);
    take()?.release();
    expect(existsSync(file)).toBe(false);
  });

  it('is taken from a process that has ended, and from no living one but in the end', () => {
    writeFileSync(file, String(spawnSync('true').pid));
    take()?.release();
    expect(existsSync(file)).toBe(false);

    writeFileSync(file, String(process.ppid));
    expect(take()).toBeUndefined();
    const turn = take(true);
    expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
    turn?.release();
  });

  it('waits for one who is about to say who it is', () => {
    writeFileSync(file, '');
    expect(take()).toBeUndefined();
  });

  it('leaves alone who took it meanwhile', () => {
    const turn = take();
    writeFileSync(file, String(process.ppid));
    turn?.release();
    expect(existsSync(file)).toBe(true);
  });
});
