import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Change, FileEvent } from '../../shared/index.ts';
import { ChangeList, environmentLimitBytes } from './change-list.ts';

const show = (path: string) => posix.relative('/app', `/${path}`);

function batch(...changes: Change[]): FileEvent {
  return { type: 'file', cursor: 'e:1', time: 1, topic: 'file', root: '/repo', changes };
}

function changed(path: string): Change {
  return { event: 'change', path, kind: 'file', size: 1, mtime: 1 };
}

const parsed = (list: ChangeList) =>
  list
    .lines()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('ChangeList', () => {
  it('gives the bytes of a path that is not UTF-8 as seen from the current directory, too', () => {
    const base64 = (...parts: (string | number)[]): string =>
      Buffer.concat(
        parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))),
      ).toString('base64');
    const list = new ChangeList();
    list.addFile(
      batch(
        { ...changed('app/\ufffd/ü'), pathBytes: base64('app/', 0xff, '/ü') },
        { ...changed('app/\ufffd/ü'), pathBytes: base64('app/', 0xfe, '/ü') },
        { ...changed('lib/\ufffd'), pathBytes: base64('lib/', 0xff) },
      ),
      show,
    );
    expect(parsed(list)).toMatchObject([
      { path: '\ufffd/ü', pathBytes: base64(0xff, '/ü') },
      { path: '\ufffd/ü', pathBytes: base64(0xfe, '/ü') },
      { path: '../lib/\ufffd', pathBytes: base64('../lib/', 0xff) },
    ]);
  });

  it('tells paths as seen from the current directory, each once, with the last that became of it', () => {
    const list = new ChangeList();
    list.addFile(batch({ ...changed('app/a'), event: 'add' }, changed('lib/b')), show);
    list.addFile(
      batch({ event: 'unlink', path: 'app/a', kind: 'file' }, { ...changed('app/c'), from: 'app/a' }),
      show,
    );
    expect(list.paths).toBe(3);
    expect(parsed(list)).toEqual([
      { type: 'change', event: 'change', path: '../lib/b', kind: 'file', size: 1, mtime: 1 },
      { type: 'change', event: 'unlink', path: 'a', kind: 'file' },
      { type: 'change', event: 'change', path: 'c', kind: 'file', size: 1, mtime: 1, from: 'a' },
    ]);
    expect(list.environment()).toEqual({ AGENT_CHANGED: '../lib/b\na\nc', AGENT_CHANGED_COUNT: '3' });
    expect(list.firstPaths(2)).toEqual(['../lib/b', 'a']);
  });

  it('passes messages and gaps on among the lines, and counts them for no paths', () => {
    const list = new ChangeList();
    const message = { type: 'message', cursor: 'e:2', time: 1, topic: 't', from: 'cli', data: 'x' } as const;
    const gap = { type: 'gap', cursor: 'e:3', reason: 'recrawl' } as const;
    list.addOther(message);
    list.addOther(gap);
    expect(parsed(list)).toEqual([message, gap]);
    expect(list.environment()).toEqual({ AGENT_CHANGED: '', AGENT_CHANGED_COUNT: '0' });
  });

  it('counts what does not fit, and says so', () => {
    const list = new ChangeList(200);
    list.addFile(batch(changed('app/a'), changed('app/b'), changed('app/c'), changed('app/d')), show);
    expect(list.paths).toBe(4);
    const lines = parsed(list);
    expect(lines.slice(0, -1).map(({ path }) => path)).toEqual(['a', 'b']);
    expect(lines.at(-1)).toEqual({ type: 'omitted', count: 2 });
  });

  it('keeps whole paths of at most 64 KiB in the environment, and the count of all', () => {
    const list = new ChangeList();
    const names = Array.from({ length: 1_000 }, (_, number) => `${'ü'.repeat(50)}${number}`);
    list.addFile(batch(...names.map((name) => changed(`app/${name}`))), show);
    const { AGENT_CHANGED = '', AGENT_CHANGED_COUNT } = list.environment();
    expect(AGENT_CHANGED_COUNT).toBe('1000');
    expect(Buffer.byteLength(AGENT_CHANGED)).toBeLessThanOrEqual(environmentLimitBytes);
    const kept = AGENT_CHANGED.split('\n');
    expect(kept.length).toBeGreaterThan(600);
    expect(kept).toEqual(names.slice(0, kept.length));
  });
});
