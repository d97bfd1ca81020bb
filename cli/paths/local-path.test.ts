import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../test/support/cleanup.ts';
import { realPath } from './local-path.ts';

describe('realPath', () => {
  it('resolves links above what is not there', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'real'));
    symlinkSync('real', join(directory, 'link'));
    expect(realPath(join(directory, 'link'))).toBe(join(directory, 'real'));
    expect(realPath(join(directory, 'link', 'gone', 'below'))).toBe(join(directory, 'real', 'gone', 'below'));
  });
});
