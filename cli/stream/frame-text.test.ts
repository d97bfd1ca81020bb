import { describe, expect, it } from '@jest/globals';
import picocolors from 'picocolors';
import type { FileEvent, MessageEvent, SnapshotFrame } from '../../shared/index.ts';
import { bareLines, describeGap, formatTime, readableLines } from './frame-text.ts';

const style = { colors: picocolors.createColors(false), showRoots: false };
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
    const [line] = readableLines(message('\u001b[31mred'), { colors, showRoots: false }, time);
    expect(line?.endsWith('\\x1b[31mred')).toBe(true);
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
