import { describe, expect, it } from '@jest/globals';
import picocolors from 'picocolors';
import type { Change, FileEvent, MessageEvent, SnapshotFrame } from '../../shared/index.ts';
import { BatchText, bareLines, describeGap, formatTime, readableLines } from './frame-text.ts';

const style = { colors: picocolors.createColors(false), columns: undefined, showRoots: false };
const time = new Date(2026, 0, 2, 13, 7, 59, 42).getTime();

const file: FileEvent = {
  type: 'file',
  cursor: 'e:1',
  time,
  topic: 'file',
  root: '/w',
  changes: [
    { event: 'unlink', path: 'old.ts', kind: 'file' },
    { event: 'addDir', path: 'src', kind: 'dir', size: 4096, mtime: 1 },
    { event: 'add', path: 'src/\u001b]0;x\u0007\n.ts', kind: 'file', size: 1, mtime: 1, from: 'old.ts' },
  ],
};

function message(data: unknown): MessageEvent {
  return { type: 'message', cursor: 'e:2', time, topic: 'build.done', from: 'cli', data };
}

describe('formatTime', () => {
  it('is the local time of day with milliseconds', () => {
    expect(formatTime(time)).toBe('13:07:59.042');
  });
});

describe('readableLines', () => {
  it('aligns time, event and path, and escapes hostile names', () => {
    expect(readableLines(file, style, time)).toEqual([
      '13:07:59.042  unlink     old.ts',
      '13:07:59.042  addDir     src/',
      '13:07:59.042  add        src/\\x1b]0;x\\x07\\n.ts (from old.ts)',
    ]);
  });

  it('shows the root where there are several', () => {
    expect(readableLines(file, { ...style, showRoots: true }, time)[0]).toBe(
      '13:07:59.042  unlink     /w/old.ts',
    );
  });

  it('shows topic, sender and text of a message on one line', () => {
    expect(readableLines(message('two\nlines'), style, time)).toEqual([
      '13:07:59.042  message    build.done from cli: two\\nlines',
    ]);
    expect(readableLines(message({ ok: true }), style, time)).toEqual([
      '13:07:59.042  message    build.done from cli: {"ok":true}',
    ]);
  });

  it('gives the files of a snapshot the time at which they came', () => {
    const frame: SnapshotFrame = {
      type: 'snapshot',
      root: '/w',
      files: [{ path: 'a', kind: 'file', size: 1, mtime: 1 }],
      done: true,
    };
    expect(readableLines(frame, style, time)).toEqual(['13:07:59.042  snapshot   a']);
  });

  it('paints only our own words', () => {
    const colors = picocolors.createColors(true);
    const [line] = readableLines(message('\u001b[31mred'), { ...style, colors }, time);
    expect(line?.endsWith('\\x1b[31mred')).toBe(true);
  });
});

describe('on a terminal', () => {
  const narrow = { ...style, columns: 50 };

  it('goes on below where the text began', () => {
    expect(readableLines(message('a build of everything has finished'), narrow, time)).toEqual([
      '13:07:59.042  message    build.done from cli: a',
      '                         build of everything has',
      '                         finished',
    ]);
    const changes: Change[] = [{ event: 'unlink', path: 'src/some/where/deep/below/it.ts', kind: 'file' }];
    expect(readableLines({ ...file, changes }, narrow, time)).toEqual([
      '13:07:59.042  unlink     src/some/where/deep/',
      '                         below/it.ts',
    ]);
  });
});

describe('BatchText', () => {
  const changesOf = (count: number, event: Change['event']): Change[] =>
    Array.from({ length: count }, (_, number) => ({ event, path: `${event}/${number}.ts`, kind: 'file' }));

  it('tells up to ten changes one by one', () => {
    const batch = new BatchText();
    batch.add({ ...file, changes: changesOf(10, 'add') });
    expect(batch.take(style)).toHaveLength(10);
    expect(batch.take(style)).toEqual([]);
  });

  it('sums up more of them, over all pieces of a batch', () => {
    const batch = new BatchText();
    batch.add({ ...file, more: true, changes: changesOf(1000, 'change') });
    batch.add({ ...file, changes: [...changesOf(2, 'unlinkDir'), ...changesOf(5, 'addDir')] });
    expect(batch.take(style)).toEqual([
      '13:07:59.042  batch      1007 changes: 5 added, 1000 changed, 2 removed — change/0.ts, change/1.ts, change/2.ts, …',
    ]);
    batch.add({ ...file, more: true, changes: changesOf(11, 'unlink') });
    expect(batch.take({ ...style, columns: 80, showRoots: true })).toEqual([
      '13:07:59.042  batch      11 changes and more in /w: 11 removed — unlink/0.ts,',
      '                         unlink/1.ts, unlink/2.ts, …',
    ]);
  });
});

describe('bareLines', () => {
  it('is a message as it is, JSON for what is no string', () => {
    expect(bareLines(message('plain\u001b'))).toEqual(['plain\u001b']);
    expect(bareLines(message({ ok: true }))).toEqual(['{"ok":true}']);
    expect(bareLines(message(null))).toEqual(['null']);
  });

  it('is EVENT PATH for each change', () => {
    expect(bareLines(file).slice(0, 2)).toEqual(['unlink old.ts', 'addDir src']);
  });
});

describe('describeGap', () => {
  it('says what was lost and why', () => {
    expect(describeGap({ type: 'gap', cursor: 'e:9', reason: 'slow', missed: 858 })).toBe(
      'gap: 858 events before e:9 lost: they were read too slowly',
    );
    expect(describeGap({ type: 'gap', cursor: 'e:9', reason: 'epoch' })).toBe(
      'gap: events before e:9 lost: the agent has started anew since',
    );
  });
});
