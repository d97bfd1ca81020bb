import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { times } from '../../test/support/long.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { Journal, newEpoch } from '../journal/index.ts';
import { seal } from './sealed.ts';
import { Store } from './store.ts';

const limitBytes = 64 * 1024;
let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'devagent-store-'));
});
afterEach(() => rmSync(place, { recursive: true }));

interface Opened {
  readonly journal: Journal;
  readonly store: Store;
  readonly warnings: string[];
}

async function open(directory: string): Promise<Opened> {
  const warnings: string[] = [];
  const log = Object.assign(Object.create(silentLog) as typeof silentLog, {
    warn: (_: string, fields?: object) => void warnings.push(JSON.stringify(fields)),
  });
  const journal = new Journal(limitBytes, newEpoch());
  const options = { directory, place: 'here', limitBytes, epoch: journal.epoch };
  const { store, kept } = await Store.open(options, log);
  journal.keep(store, kept);
  return { journal, store, warnings };
}

/** Adds events, several a turn, and returns what a client would have seen of them: by cursor, the bytes. */
function fill(journal: Journal, turns: readonly (readonly number[])[]): Map<string, string> {
  const seen = new Map<string, string>();
  for (const sizes of turns) {
    const firstSeq = journal.headSeq + 1;
    for (const size of sizes)
      journal.append({ type: 'message', time: 0, topic: 't', from: 'f', data: 'x'.repeat(size) });
    journal.commit();
    for (let seq = Math.max(firstSeq, journal.oldestSeq); seq <= journal.headSeq; seq++) {
      seen.set(journal.cursor(seq), journal.frame(seq).toString('base64'));
    }
  }
  return seen;
}

/** A copy as a kill leaves it. */
function killed(directory: string, to: string): string {
  rmSync(to, { recursive: true, force: true });
  cpSync(directory, to, { recursive: true });
  rmSync(join(to, 'lock'), { force: true });
  return to;
}

interface Damage {
  /** Which of the files, and where in it, as parts of one. */
  readonly file: number;
  readonly at: number;
  readonly how: 'cut' | 'turned' | 'emptied' | 'removed' | 'grown';
  readonly bit: number;
}

const turns = fc.array(fc.array(fc.oneof(fc.nat(300), fc.nat(9_000)), { maxLength: 6 }), {
  minLength: 1,
  maxLength: 20,
});
const damage: fc.Arbitrary<Damage> = fc.record({
  file: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  how: fc.constantFrom(
    'cut' as const,
    'turned' as const,
    'emptied' as const,
    'removed' as const,
    'grown' as const,
  ),
  bit: fc.nat(7),
});

function hurt(directory: string, { file, at, how, bit }: Damage): void {
  const names = readdirSync(directory).sort();
  const path = join(directory, names[Math.floor(file * names.length)] as string);
  const bytes = readFileSync(path);
  const offset = Math.floor(at * bytes.length);
  if (how === 'cut') truncateSync(path, offset);
  else if (how === 'emptied') truncateSync(path, 0);
  else if (how === 'removed') rmSync(path);
  else if (how === 'grown') writeFileSync(path, bytes.subarray(0, offset), { flag: 'a' });
  else {
    bytes[offset] = (bytes[offset] as number) ^ (1 << bit);
    writeFileSync(path, bytes);
  }
}

describe('Store', () => {
  it('gives the next agent what the one before had, after a stop and after a kill', async () => {
    await fc.assert(
      fc.asyncProperty(turns, fc.boolean(), turns, async (before, isStopped, after) => {
        const directory = join(place, 'store');
        const first = await open(directory);
        const seen = fill(first.journal, before);
        let next = directory;
        if (!isStopped) next = killed(directory, join(place, 'copy'));
        first.store.close();
        const second = await open(next);
        expect(second.warnings).toEqual([]);
        expect(second.store.status()).toMatchObject({ restored: true, degraded: null });
        const { journal } = second;
        expect([journal.epoch, journal.headSeq]).toEqual([first.journal.epoch, first.journal.headSeq]);
        expect([journal.oldestSeq, journal.bytes]).toEqual([first.journal.oldestSeq, first.journal.bytes]);
        for (let seq = journal.oldestSeq; seq <= journal.headSeq; seq++) {
          expect(journal.frame(seq).toString('base64')).toBe(seen.get(journal.cursor(seq)));
        }
        for (const cursor of fill(journal, after).keys()) expect(seen.has(cursor)).toBe(false);
        second.store.close();
        rmSync(next, { recursive: true });
        rmSync(directory, { recursive: true, force: true });
      }),
      { numRuns: times(30, 1_000) },
    );
  });

  it('never gives a cursor twice, and says what it lost, whatever was done to a file', async () => {
    await fc.assert(
      fc.asyncProperty(turns, fc.boolean(), damage, turns, async (before, isStopped, what, after) => {
        const directory = join(place, 'store');
        const first = await open(directory);
        const seen = fill(first.journal, before);
        const { epoch, headSeq } = first.journal;
        const copy = killed(directory, join(place, 'copy'));
        first.store.close();
        const next = isStopped ? directory : copy;
        hurt(next, what);
        const isEmpty = readdirSync(next).length === 0;
        const second = await open(next);
        const { journal, store, warnings } = second;
        const { restored, degraded } = store.status();
        expect(degraded).toBeNull();
        expect(restored).toBe(journal.epoch === epoch);
        if (restored) expect(journal.headSeq).toBe(headSeq);
        // Without all of its files it is as at the first start.
        else expect(warnings.length).toBe(isEmpty ? 0 : 1);
        for (let seq = journal.oldestSeq; seq <= journal.headSeq; seq++) {
          expect(journal.frame(seq).toString('base64')).toBe(seen.get(journal.cursor(seq)));
        }
        for (const cursor of fill(journal, after).keys()) expect(seen.has(cursor)).toBe(false);
        store.close();
        // And the store that was begun anew is a sound one.
        const third = await open(next);
        expect([third.store.status().restored, third.warnings]).toEqual([true, []]);
        third.store.close();
        rmSync(directory, { recursive: true, force: true });
      }),
      { numRuns: times(100, 3_000) },
    );
  });

  it('drops the end of a write that a kill cut off, which nobody has seen', async () => {
    const directory = join(place, 'store');
    const first = await open(directory);
    const seen = fill(first.journal, [[10], [20]]);
    const mark = readFileSync(join(directory, 'mark'));
    fill(first.journal, [[3_000]]);
    const copy = killed(directory, join(place, 'copy'));
    first.store.close();
    writeFileSync(join(copy, 'mark'), mark);
    const [segment = ''] = readdirSync(copy).filter((name) => name.endsWith('.journal'));
    truncateSync(join(copy, segment), readFileSync(join(copy, segment)).length - 1_000);
    const { journal, store, warnings } = await open(copy);
    expect(warnings).toEqual([]);
    expect([journal.epoch, journal.headSeq]).toEqual([first.journal.epoch, 2]);
    for (const cursor of fill(journal, [[30]]).keys()) expect(seen.has(cursor)).toBe(false);
    store.close();
    expect((await open(copy)).journal.headSeq).toBe(3);
  });

  it.each([
    ['another boot after a kill', false, (mark: Buffer) => mark.write('x', 56), 'was restarted'],
    ['another format', true, (mark: Buffer) => mark.writeUInt32LE(2, 8), 'it has format 2'],
    ['a newer head in the mark', true, (mark: Buffer) => mark.writeDoubleLE(9, 16), 'ends at event 2 of 9'],
  ] as const)('begins anew after %s, and says so', async (_, isStopped, change, why) => {
    const directory = join(place, 'store');
    const first = await open(directory);
    fill(first.journal, [[10], [20]]);
    const copy = killed(directory, join(place, 'copy'));
    first.store.close();
    const next = isStopped ? directory : copy;
    const mark = readFileSync(join(next, 'mark'));
    change(mark);
    writeFileSync(join(next, 'mark'), seal(mark));
    const { journal, store, warnings } = await open(next);
    expect(warnings).toEqual([expect.stringContaining(why)]);
    expect(store.status()).toMatchObject({ restored: false, degraded: null });
    expect(journal.epoch).not.toBe(first.journal.epoch);
    expect(journal.headSeq).toBe(0);
  });

  it('goes on after a clean stop though the machine was restarted since', async () => {
    const directory = join(place, 'store');
    const first = await open(directory);
    fill(first.journal, [[10]]);
    first.store.close();
    const mark = readFileSync(join(directory, 'mark'));
    mark.write('x', 56);
    writeFileSync(join(directory, 'mark'), seal(mark));
    expect((await open(directory)).store.status().restored).toBe(true);
  });
});
