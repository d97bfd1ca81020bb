import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createByOpening, createExclusive } from './exclusive-file.ts';

describe.each([
  ['createExclusive', createExclusive],
  ['createByOpening', createByOpening],
])('%s', (_name, create) => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'devagent-exclusive-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('makes a private file once, and leaves the first content and no litter', () => {
    const path = join(directory, 'file');
    expect(create(path, 'first')).toBe(true);
    expect(create(path, 'second')).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('throws when the directory is missing, and leaves no litter', () => {
    writeFileSync(join(directory, 'plain'), '');
    expect(() => create(join(directory, 'missing', 'file'), '')).toThrow(/ENOENT/);
    expect(() => create(join(directory, 'plain', 'file'), '')).toThrow(/ENOTDIR/);
    expect(readdirSync(directory)).toEqual(['plain']);
  });
});
