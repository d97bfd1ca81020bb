import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LossSigns, type LossVerdict } from './loss-signs.ts';

const queueLength = 1000;

let verdicts: LossVerdict[];
let signs: LossSigns;

function begin(probe: () => number | undefined): void {
  verdicts = [];
  signs = new LossSigns(queueLength, probe, (verdict) => verdicts.push(verdict));
}
afterEach(() => signs.close());

type Queued = 'hint' | 'hidden' | number | { readonly of: number };

/** The kernel's queue, which drops what finds no room, and the loop that reads it to its end in each turn. */
class Queue {
  private readonly waiting: Queued[] = [];
  private serial = 0;
  longest = 0;
  hasLost = false;

  put(what: Queued): void {
    if (this.waiting.length >= queueLength) this.hasLost = true;
    else this.waiting.push(what);
    this.longest = Math.max(this.longest, this.waiting.length);
  }

  probe(): number {
    this.put(++this.serial);
    return this.serial;
  }

  take(what: Queued): void {
    if (what === 'hint') signs.hint();
    else if (typeof what === 'number') signs.answered(what);
  }

  /** @param whileReading how many more hints come while one is read, one after another; then none */
  async read(whileReading: readonly number[] = []): Promise<void> {
    const arrivals = whileReading[Symbol.iterator]();
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      this.take(next);
      const { value = 0 } = arrivals.next();
      for (let more = 0; more < value; more++) this.put('hint');
    }
    await nextTurn();
  }
}

describe('the measured queue', () => {
  it('says so whenever hints were lost, and nothing where a tenth of it was never exceeded', async () => {
    const turns = fc.record({
      first: fc.integer({ min: 0, max: 2 * queueLength }),
      rates: fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 2000 })), {
        maxLength: 4,
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(turns, { minLength: 1, maxLength: 4 }), async (all) => {
        const queue = new Queue();
        begin(() => queue.probe());
        for (const { first, rates } of all) {
          for (let hint = 0; hint < first; hint++) queue.put('hint');
          await queue.read(rates.flatMap(([rate, times]) => Array<number>(times).fill(rate)));
        }
        await nextTurn();
        signs.close();
        if (queue.hasLost) expect(verdicts).not.toEqual([]);
        if (queue.longest < queueLength / 10) expect(verdicts).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('is no sign when as many hints come in one turn as are read', async () => {
    const queue = new Queue();
    begin(() => queue.probe());
    queue.put('hint');
    await queue.read(Array<number>(20 * queueLength).fill(1));
    expect(verdicts).toEqual([]);
  });

  it('is certain loss when it is full, said once a turn', async () => {
    const queue = new Queue();
    begin(() => queue.probe());
    for (let turn = 1; turn <= 2; turn++) {
      for (let hint = 0; hint < 2 * queueLength; hint++) queue.put('hint');
      await queue.read(Array<number>(3 * queueLength).fill(1));
      expect(verdicts).toEqual(Array(turn).fill('certain'));
    }
  });
});

/** The same with hints of several directories in turn. One that the signs want closed gives none until the next turn. */
class HeldBackQueue extends Queue {
  private readonly held = new Set<number>();
  private readonly directories: number;
  private next = 0;
  closed = 0;

  constructor(directories: number) {
    super();
    this.directories = directories;
  }

  override put(what: Queued): void {
    if (what !== 'hint') super.put(what);
    else {
      this.next = (this.next + 1) % this.directories;
      // What is not watched gives no hints.
      if (!this.held.has(this.next)) super.put({ of: this.next });
    }
  }

  override take(what: Queued): void {
    if (typeof what !== 'object') super.take(what);
    else if (!this.held.has(what.of) && signs.hint()) {
      this.held.add(what.of);
      this.closed += 1;
      signs.unheard();
    }
  }

  override async read(whileReading?: readonly number[]): Promise<void> {
    await super.read(whileReading);
    this.held.clear();
  }
}

describe('in a flood', () => {
  it('says so whenever hints were lost, though watches are closed', async () => {
    const rates = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 2000 })), {
      maxLength: 6,
    });
    const turns = fc.record({ first: fc.integer({ min: 0, max: 2 * queueLength }), rates });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300 }),
        fc.array(turns, { minLength: 1, maxLength: 4 }),
        async (directories, all) => {
          const queue = new HeldBackQueue(directories);
          begin(() => queue.probe());
          for (const { first, rates } of all) {
            for (let hint = 0; hint < first; hint++) queue.put('hint');
            await queue.read(rates.flatMap(([rate, times]) => Array<number>(times).fill(rate)));
          }
          await nextTurn();
          await nextTurn();
          signs.close();
          if (queue.hasLost) expect(verdicts).not.toEqual([]);
          if (queue.longest < queueLength / 10) expect(verdicts).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('watches are closed as soon as hints come as fast as they are read, and no loss is said', async () => {
    const [directories, rate] = [200, 1];
    const queue = new HeldBackQueue(directories);
    begin(() => queue.probe());
    for (let hint = 0; hint < 100; hint++) queue.put('hint');
    // Comes to an end only if each directory is closed.
    await queue.read(Array<number>(20 * queueLength).fill(rate));
    await nextTurn();
    expect(queue.closed).toBe(directories);
    expect(verdicts).toEqual([]);
  });
});

describe('where the queue can not be measured', () => {
  beforeEach(() => begin(() => undefined));

  it('as many hints as fill it in one turn are certain loss', async () => {
    for (let hint = 0; hint < queueLength; hint++) signs.hint();
    expect(verdicts).toEqual(['certain']);
  });

  it('as many hints in many turns are no sign', async () => {
    for (let turn = 0; turn < 10; turn++) {
      for (let hint = 0; hint < queueLength / 2; hint++) signs.hint();
      await nextTurn();
    }
    expect(verdicts).toEqual([]);
  });
});

describe('when watches were closed, whose hints are not counted', () => {
  it.each([
    ['a full queue is no secret', 2 * queueLength, 0, true],
    ['few hints beside theirs are no sign', queueLength / 2, 10, false],
    ['many hints beside theirs are possible loss', queueLength / 2, queueLength, true],
  ])('%s', async (_what, hidden, counted, isSign) => {
    const queue = new Queue();
    begin(() => queue.probe());
    for (let hint = 0; hint < hidden; hint++) queue.put('hidden');
    signs.unheard();
    for (let hint = 0; hint < counted; hint++) queue.put('hint');
    await queue.read();
    await nextTurn();
    expect(verdicts.length > 0).toBe(isSign);
  });
});

describe('after the process was stopped', () => {
  beforeEach(() => begin(() => undefined));

  function hints(count: number): void {
    for (let hint = 0; hint < count; hint++) signs.hint();
  }

  /** What the kernel does to a process that was stopped and goes on. */
  function goOn(): void {
    process.emit('SIGCONT', 'SIGCONT');
  }

  it('a hundred hints are certain loss, fewer are not', async () => {
    goOn();
    hints(99);
    await nextTurn();
    expect(verdicts).toEqual([]);
    goOn();
    hints(100);
    expect(verdicts).toEqual(['certain']);
  });

  it.each([
    ['in the turn in which its hints come', async () => {}],
    ['in the turn after that', () => nextTurn()],
  ])('the news that the process goes on may come %s', async (_when, pass) => {
    hints(100);
    await pass();
    expect(verdicts).toEqual([]);
    goOn();
    expect(verdicts).toEqual(['certain']);
  });
});
