import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  type Change,
  type FileEvent,
  type FilterSpec,
  type JournalEvent,
  SliceClock,
} from '../../shared/index.ts';
import { continuesBatch, Filter } from './filter.ts';
import { Sifting } from './sifting.ts';

let seq = 0;

function message(topic: string): JournalEvent {
  return { type: 'message', cursor: `e:${++seq}`, time: 0, topic, from: 'f', data: null };
}

function files(root: string, paths: readonly string[], more = false): FileEvent {
  const changes = paths.map((path): Change => ({ event: 'change', path, kind: 'file' }));
  return {
    type: 'file',
    cursor: `e:${++seq}`,
    time: 0,
    topic: 'file',
    root,
    changes,
    ...(more ? { more: true } : {}),
  };
}

/** What of an event is seen. */
function project(filter: Filter, event: JournalEvent, begun: boolean): JournalEvent | undefined {
  if (!filter.concerns(event)) return undefined;
  if (!filter.sifts(event)) return event;
  const sifting = new Sifting(filter, 1);
  expect(sifting.goOn(event, new SliceClock(Number.POSITIVE_INFINITY))).toBe(true);
  return sifting.result(event, begun);
}

/** What of a sequence is seen, as a group of clients sees it. */
function seen(filter: Filter, events: readonly JournalEvent[]): JournalEvent[] {
  return events.flatMap((event, index) => {
    const projected = project(filter, event, continuesBatch(events[index - 1], event));
    return projected === undefined ? [] : [projected];
  });
}

function seenPaths(spec: FilterSpec, event: FileEvent): string[] {
  return seen(new Filter(spec), [event]).flatMap((each) =>
    each.type === 'file' ? each.changes.map(({ path }) => path) : [],
  );
}

describe('Filter', () => {
  it('without wishes takes everything, and hands on the very same event', () => {
    const events = [
      message('a'),
      files('/r', ['x']),
      { type: 'gap', cursor: 'e:9', reason: 'recrawl' } as const,
    ];
    for (const spec of [
      {},
      { topic: [] },
      { topic: ['>'] },
      { topic: ['a', '>'] },
      { match: [], ignore: [] },
    ]) {
      const filter = new Filter(spec);
      expect(filter.takesEverything).toBe(true);
      for (const event of events) expect(project(filter, event, false)).toBe(event);
    }
  });

  it('hands on the very same event when it holds nothing of it back', () => {
    const event = files('/r', ['a.ts', 'b.ts']);
    expect(project(new Filter({ match: ['*.ts'] }), event, false)).toBe(event);
  });

  it('takes topics, and file events by the topic file', () => {
    const events = [message('a'), message('a.b'), message('b'), files('/r', ['x'])];
    const topicsOf = (topic: string[]): string[] =>
      seen(new Filter({ topic }), events).map((event) => (event.type === 'gap' ? 'gap' : event.topic));
    expect(topicsOf(['a'])).toEqual(['a']);
    expect(topicsOf(['a.>'])).toEqual(['a.b']);
    expect(topicsOf(['*'])).toEqual(['a', 'b', 'file']);
    expect(topicsOf(['file', 'b'])).toEqual(['b', 'file']);
    expect(topicsOf(['none'])).toEqual([]);
  });

  it('tells of lost hints whoever is told of files', () => {
    const gap: JournalEvent = { type: 'gap', cursor: 'e:1', reason: 'recrawl' };
    for (const spec of [{ topic: ['file'] }, { root: '/r' }, { match: ['*.ts'] }, { ignore: ['**'] }]) {
      expect(project(new Filter(spec), gap, false)).toBe(gap);
    }
    expect(project(new Filter({ topic: ['a'] }), gap, false)).toBeUndefined();
  });

  it('takes the files of one root, and messages as before', () => {
    const events = [files('/r', ['x']), files('/r2', ['x']), message('a'), files('/r/sub', ['x'])];
    expect(seen(new Filter({ root: '/r' }), events)).toEqual([events[0], events[2]]);
  });

  it('takes paths that match a glob, and none that an ignored one names', () => {
    const event = files('/r', [
      'a.ts',
      'src/a.ts',
      'src/.a.ts',
      'src/deep/b.js',
      '.env',
      'dist/a.ts',
      'A.TS',
      'a b',
    ]);
    expect(seenPaths({ match: ['*.ts'] }, event)).toEqual(['a.ts']);
    expect(seenPaths({ match: ['**/*.ts'] }, event)).toEqual(['a.ts', 'src/a.ts', 'src/.a.ts', 'dist/a.ts']);
    expect(seenPaths({ match: ['src/**'] }, event)).toEqual(['src/a.ts', 'src/.a.ts', 'src/deep/b.js']);
    expect(seenPaths({ match: ['.env', '*.{js,ts}'] }, event)).toEqual(['a.ts', '.env']);
    expect(seenPaths({ ignore: ['**/*.ts', '**/*.TS'] }, event)).toEqual(['src/deep/b.js', '.env', 'a b']);
    expect(seenPaths({ match: ['**/*.ts'], ignore: ['dist/**', 'src/.*'] }, event)).toEqual([
      'a.ts',
      'src/a.ts',
    ]);
    expect(seenPaths({ match: ['**/*.md'] }, event)).toEqual([]);
    const strange = { ...event, changes: [{ ...event.changes[0], path: 'a\nb/c.ts' } as Change] };
    expect(seenPaths({ match: ['**/*.ts'] }, strange)).toEqual(['a\nb/c.ts']);
    expect(seenPaths({ match: ['**'] }, strange)).toEqual(['a\nb/c.ts']);
    expect(seen(new Filter({ match: ['**/*.md'] }), [event])).toEqual([]);
  });

  it('has the same key exactly when it takes the same', () => {
    const key = (spec: FilterSpec): string => new Filter(spec).key;
    expect(key({})).toBe(key({ topic: ['>'], match: [], ignore: [] }));
    expect(key({ match: ['a'] })).toBe(key({ match: ['a'] }));
    const different: FilterSpec[] = [
      {},
      { topic: ['a'] },
      { topic: ['a', 'b'] },
      { topic: ['a,b'] },
      { match: ['a'] },
      { ignore: ['a'] },
      { root: 'a' },
      { root: 'a', match: ['a'] },
    ];
    expect(new Set(different.map(key)).size).toBe(different.length);
  });
});

describe('a filtered sequence', () => {
  const paths = fc.constantFrom('a.ts', 'b.js', 'src/a.ts', 'src/b.js', 'dist/a.ts', '.env');
  const roots = fc.constantFrom('/r', '/s');
  const batches = fc
    .tuple(roots, fc.array(fc.array(paths, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }))
    .map(([root, pieces]) => pieces.map((piece, index) => files(root, piece, index < pieces.length - 1)));
  const messages = fc.constantFrom('a', 'a.b', 'b').map((topic) => [message(topic)]);
  const sequences = fc.array(fc.oneof(batches, messages), { maxLength: 12 }).map((parts) => parts.flat());
  const specs = fc.record(
    {
      topic: fc.uniqueArray(fc.constantFrom('file', 'a', 'a.*', '*', '>', 'b'), {
        minLength: 1,
        maxLength: 3,
      }),
      root: roots,
      match: fc.uniqueArray(fc.constantFrom('**/*.ts', 'src/**', '*', 'none'), { maxLength: 2 }),
      ignore: fc.uniqueArray(fc.constantFrom('dist/**', '**/*.js', '.env'), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  );

  it('is the subsequence that matches: nothing else, nothing twice, nothing out of place', async () => {
    await fc.assert(
      fc.property(specs, sequences, (spec, events) => {
        const filter = new Filter(spec);
        // Each change and message on its own is the truth that the whole is held against.
        const atoms = (each: readonly JournalEvent[]): string[] =>
          each.flatMap((event) =>
            event.type === 'file' ? event.changes.map(({ path }) => `${event.root} ${path}`) : [event.cursor],
          );
        const expected = events.flatMap((event) => {
          if (event.type !== 'file') return atoms(seen(filter, [event]));
          return event.changes.flatMap((change) => {
            const { more: _more, ...alone } = { ...event, changes: [change] };
            return atoms(seen(filter, [alone]));
          });
        });
        const found = seen(filter, events);
        expect(atoms(found)).toEqual(expected);
        const order = events.map(({ cursor }) => cursor);
        const places = found.map(({ cursor }) => order.indexOf(cursor));
        expect(places).toEqual([...new Set(places)].sort((one, other) => one - other));
      }),
      { numRuns: 300 },
    );
  });

  it('ends every batch that it begins, and is whole again after it', async () => {
    await fc.assert(
      fc.property(specs, sequences, (spec, events) => {
        const found = seen(new Filter(spec), events);
        for (const [index, event] of found.entries()) {
          if (event.type !== 'file' || event.more === undefined) continue;
          const next = found[index + 1];
          expect(next).toMatchObject({ type: 'file', root: event.root });
          // Of the same batch: between the two no other batch of the root has ended.
          const from = events.findIndex(({ cursor }) => cursor === event.cursor);
          const to = events.findIndex(({ cursor }) => cursor === next?.cursor);
          for (const between of events.slice(from, to))
            expect(between).toMatchObject({ type: 'file', more: true });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('says of a batch what it says of its pieces', () => {
    const batch = [files('/r', ['a.ts'], true), files('/r', ['b.js'], true), files('/r', ['c.js'])];
    const [first, ...others] = seen(new Filter({ match: ['*.ts'] }), batch);
    expect(first).toBe(batch[0]);
    expect(others).toEqual([{ ...batch[2], changes: [] }]);
    expect(seen(new Filter({ match: ['c.*'] }), batch)).toEqual([batch[2]]);
  });
});

describe('continuesBatch', () => {
  it('is so for the pieces after the first of one root alone', () => {
    const first = files('/r', ['a'], true);
    expect(continuesBatch(first, files('/r', ['b'], true))).toBe(true);
    expect(continuesBatch(first, files('/r', ['b']))).toBe(true);
    expect(continuesBatch(first, files('/s', ['b']))).toBe(false);
    expect(continuesBatch(first, message('a'))).toBe(false);
    expect(continuesBatch(files('/r', ['a']), files('/r', ['b']))).toBe(false);
    expect(continuesBatch(message('a'), files('/r', ['b']))).toBe(false);
    expect(continuesBatch(undefined, files('/r', ['b']))).toBe(false);
  });
});
