import { describe, expect, it } from '@jest/globals';
import type { Change } from '../../../../shared/protocol.ts';
import { everything, type LineFilter, matchesLine } from './line-filter.ts';
import type { Line } from './lines.ts';

const head = { id: 1, timeMs: 0, chars: 1 };
const change: Change = { event: 'add', path: 'src/New.ts', kind: 'file', from: 'src/old.ts' };
const lines: Readonly<Record<string, Line>> = {
  change: { ...head, type: 'change', root: '/home/app', change },
  batch: {
    ...head,
    type: 'batch',
    root: '/home/site',
    changes: [change, { ...change, path: 'dist/a.css' }],
    more: false,
  },
  message: { ...head, type: 'message', topic: 'build.done', from: 'vite', data: { ok: true } },
  gap: { ...head, type: 'gap', reason: 'epoch', missed: undefined },
  lost: { ...head, type: 'lost', reason: 'gone' },
};

function shown(filter: LineFilter): string[] {
  return Object.keys(lines).filter((name) => matchesLine(filter, lines[name] as Line));
}

describe('a filter', () => {
  it('that says nothing shows everything', () => {
    expect(shown(everything)).toEqual(Object.keys(lines));
  });

  it.each([
    ['SRC/new', ['change', 'batch']],
    ['old.ts', ['change', 'batch']],
    ['/home/app/src', ['change']],
    ['a.css', ['batch']],
    ['build.', ['message']],
    ['VITE', ['message']],
    ['"ok":true', ['message']],
    ['nowhere', []],
  ])('finds %s wherever it stands, and never hides what was lost', (text, expected) => {
    expect(shown({ ...everything, text })).toEqual([...expected, 'gap', 'lost']);
  });

  it('shows only the sorts that are switched on', () => {
    const none = { files: false, messages: false, gaps: false };
    expect(shown({ text: '', sorts: { ...none, files: true } })).toEqual(['change', 'batch']);
    expect(shown({ text: '', sorts: { ...none, messages: true } })).toEqual(['message']);
    expect(shown({ text: '', sorts: { ...none, gaps: true } })).toEqual(['gap', 'lost']);
  });
});
