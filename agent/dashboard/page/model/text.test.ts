import { describe, expect, it } from '@jest/globals';
import { describeGap, formatCountOf, rootLabels, splitPath } from './text.ts';

describe('rootLabels', () => {
  it('calls each root by as much of its end as tells it from the others', () => {
    expect([...rootLabels(['/home/a/app', '/home/b/app', '/home/a/site', '/'])]).toEqual([
      ['/home/a/app', 'a/app'],
      ['/home/b/app', 'b/app'],
      ['/home/a/site', 'site'],
      ['/', '/'],
    ]);
    expect(rootLabels(['C:\\work\\app']).get('C:\\work\\app')).toBe('app');
  });

  it('ends also where one root is the end of another', () => {
    expect([...rootLabels(['/app', '/home/app']).values()]).toEqual(['app', 'home/app']);
  });
});

describe('splitPath', () => {
  it.each([
    ['a.ts', '', 'a.ts'],
    ['src/lib/a.ts', 'src/lib/', 'a.ts'],
    ['src/lib/', 'src/', 'lib/'],
    ['/home/me', '/home/', 'me'],
  ])('takes %s apart', (path, directory, name) => {
    expect(splitPath(path)).toEqual({ directory, name });
  });
});

it('counts are grouped, and one is one', () => {
  expect([formatCountOf(1, 'line'), formatCountOf(12_304, 'line')]).toEqual(['1 line', '12,304 lines']);
});

it('a gap says what was lost, as far as that is known, and why', () => {
  expect(describeGap({ reason: 'epoch', missed: undefined })).toBe(
    'events lost: the agent has started anew since',
  );
  expect(describeGap({ reason: 'slow', missed: 1_200 })).toBe('1,200 events lost: they were read too slowly');
});
