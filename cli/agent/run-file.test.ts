import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { instancePaths } from '../../shared/index.ts';
import { runFileHints } from './run-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const instance = () => instancePaths('x', { AGENT_RUNTIME_DIR: directory, AGENT_STATE_DIR: directory });

describe('runFileHints', () => {
  it('reads what an agent wrote', () => {
    const content = { pid: 12, version: '1.2.3', url: 'http://x/', roots: ['/a'], args: [], logFile: '/l' };
    writeFileSync(instance().runFile, JSON.stringify({ ...content, socket: '/s' }));
    expect(runFileHints(instance())).toEqual(content);
  });

  it('knows nothing where there is no file', () => {
    expect(runFileHints(instance())).toEqual({});
  });

  it.each([
    '',
    '{"pid":',
    'null',
    '[]',
    '{"pid":"12; rm","version":7}',
    '{"pid":-1}',
    '{"pid":0}',
    '{"roots":"/","args":[1],"logFile":0}',
  ])('takes nothing from %j', (content) => {
    writeFileSync(instance().runFile, content);
    expect(runFileHints(instance())).toEqual({});
  });
});
