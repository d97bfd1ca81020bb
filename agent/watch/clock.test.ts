import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { batchFaults } from '../../test/support/batch-laws.ts';
import { testSeed } from '../../test/support/seed.ts';
import { applied, ClockedTree, type Listing } from './fixtures/clocked-tree.ts';

const brief = (tree: ClockedTree, seq: number): string[] =>
  tree.since(seq).map(({ event, path }) => `${event} ${path}`);

/** A tree with some entries. */
function treeOf(...paths: string[]): ClockedTree {
  const tree = new ClockedTree(100);
  for (const path of paths) tree.write(path, 'file');
  tree.begin();
  return tree;
}

describe('what changed since a position', () => {
  it('is nothing where nothing did, whatever there is', () => {
    const tree = treeOf('a', 'b/c');
    tree.say();
    expect([brief(tree, 0), brief(tree, 1)]).toEqual([[], []]);
  });

  it('is the net of what came, changed and went, in the order of a batch', () => {
    const tree = treeOf('a', 'b/c', 'd/e');
    tree.write('a', 'file');
    tree.write('new/x', 'file');
    tree.settle(1000);
    tree.remove('b');
    tree.write('a', 'file');
    tree.write('temporary', 'file');
    tree.settle(1000);
    tree.remove('temporary');
    tree.remove('new/x');
    tree.settle(1000);
    expect(brief(tree, 0)).toEqual(['unlink b/c', 'unlinkDir b', 'change a', 'addDir new']);
    expect(brief(tree, 1)).toEqual(['unlink new/x', 'unlink b/c', 'unlinkDir b', 'change a']);
    expect(brief(tree, 2)).toEqual(['unlink temporary', 'unlink new/x']);
    expect(brief(tree, 3)).toEqual([]);
  });

  it('is a change of a file that went and came again, and nothing of a directory', () => {
    const tree = treeOf('d/f');
    tree.remove('d');
    tree.settle(1000);
    tree.write('d/f', 'file');
    tree.settle(1000);
    expect(brief(tree, 0)).toEqual(['change d/f']);
    expect(brief(tree, 1)).toEqual(['addDir d', 'add d/f']);
  });

  it('is an unlink and an add where the kind is another', () => {
    const tree = treeOf('a');
    tree.write('a/b', 'file');
    tree.settle(1);
    expect(tree.head).toBe(3);
    expect(brief(tree, 0)).toEqual(['unlink a', 'addDir a', 'add a/b']);
    expect(brief(tree, 1)).toEqual(['addDir a', 'add a/b']);
    expect(brief(tree, 2)).toEqual(['add a/b']);
  });

  it('can not be said once a lifetime that may have mattered was dropped', () => {
    const tree = new ClockedTree(2);
    for (const path of ['a', 'b']) tree.write(path, 'file');
    tree.begin();
    tree.write('temporary', 'file');
    tree.settle(1000);
    for (const path of ['temporary', 'a', 'b']) {
      tree.remove(path);
      tree.settle(1000);
    }
    // That of the temporary file: nobody asks for it who did not see it.
    expect([0, 1, 2, 3, 4].map((seq) => tree.clock.reaches(seq))).toEqual([true, false, true, true, true]);
    expect(brief(tree, 0)).toEqual(['unlink b', 'unlink a']);
    tree.write('c', 'file');
    tree.settle(1000);
    tree.remove('c');
    tree.settle(1000);
    expect([0, 1, 2, 3, 4].map((seq) => tree.clock.reaches(seq))).toEqual([false, false, false, true, true]);
  });

  it('is exact or can not be said: applied to what there was, it gives what there is', async () => {
    const seed = testSeed();
    const name = fc.constantFrom('a', 'b', 'c', '\0\u00ff');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    const operation = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          what: fc.constant('write' as const),
          path,
          kind: fc.constantFrom('file' as const, 'file' as const, 'dir' as const, 'symlink' as const),
        }),
      },
      { weight: 4, arbitrary: fc.record({ what: fc.constant('remove' as const), path }) },
      {
        weight: 4,
        arbitrary: fc.record({
          what: fc.constant('settle' as const),
          pieces: fc.integer({ min: 1, max: 4 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ what: fc.constant('say' as const) }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const) }) },
    );
    let told = 0;
    let refused = 0;
    await fc.assert(
      fc.property(
        fc.array(path, { maxLength: 5 }),
        fc.array(operation, { maxLength: 60 }),
        fc.constantFrom(0, 1, 3, 1000),
        (paths, operations, mostLifetimes) => {
          const tree = new ClockedTree(mostLifetimes);
          for (const at of paths) tree.write(at, 'file');
          tree.begin();
          for (const operation of operations) {
            if (operation.what === 'write') tree.write(operation.path, operation.kind);
            else if (operation.what === 'remove') tree.remove(operation.path);
            else if (operation.what === 'settle') tree.settle(operation.pieces);
            else if (operation.what === 'say') tree.say();
            else {
              tree.settle(1000);
              tree.restart();
            }
          }
          tree.settle(1000);
          const now = tree.listings[tree.head] as Listing;
          for (const [seq, listing] of tree.listings.entries()) {
            if (!tree.clock.reaches(seq)) {
              refused += 1;
              expect(mostLifetimes).toBeLessThan(1000);
              continue;
            }
            told += 1;
            const changes = tree.since(seq);
            expect(applied(listing, changes)).toEqual(now);
            expect(batchFaults(changes)).toEqual([]);
            // What is reported did happen.
            let step = listing;
            for (const change of changes) {
              const next = applied(step, [change]);
              expect(next).not.toEqual(step);
              step = next;
            }
          }
        },
      ),
      { seed, numRuns: 400 },
    );
    expect(Math.min(told, refused)).toBeGreaterThan(100);
  });
});
