import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { processExists } from './processes.ts';

describe('processExists', () => {
  it('tells a living process from one that has ended', () => {
    expect(processExists(process.pid)).toBe(true);
    expect(processExists(1)).toBe(true);
    expect(processExists(spawnSync('true').pid)).toBe(false);
  });
});
