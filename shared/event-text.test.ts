import { describe, expect, it } from '@jest/globals';
import { changeCountTexts, countChanges, messageText } from './event-text.ts';
import type { Change } from './protocol.ts';

it('messages are text as it is, and anything else as JSON', () => {
  expect([messageText('a "b"'), messageText({ a: [1, null] }), messageText(null)]).toEqual([
    'a "b"',
    '{"a":[1,null]}',
    'null',
  ]);
});

describe('countChanges', () => {
  const of = (event: Change['event']): Change => ({ event, path: 'a', kind: 'file' });
  const all = [of('add'), of('addDir'), of('change'), of('unlink'), of('unlinkDir'), of('unlinkDir')];

  it('counts directories with files', () => {
    expect(countChanges(all)).toEqual({ added: 2, changed: 1, removed: 3 });
  });

  it('counts on, for batches that come in pieces', () => {
    expect(countChanges(all, countChanges(all))).toEqual({ added: 4, changed: 2, removed: 6 });
  });
});

it('changes are summed up by the sorts that there are', () => {
  expect(changeCountTexts({ added: 12, changed: 0, removed: 1 })).toEqual(['12 added', '1 removed']);
});
