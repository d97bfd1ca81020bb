import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { testSeed } from '../../test/support/seed.ts';
import { Schedule } from './schedule.ts';

const storms = { waitMs: 250, repeats: false };
const polling = { waitMs: 500, repeats: true };
const params = { seed: testSeed(), numRuns: 300 };
/** Times of hints, as the gaps between them: mostly short, some long. */
const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 5000 })), {
  minLength: 1,
  maxLength: 200,
});

function* timesOf(between: readonly number[]): Generator<number> {
  let nowMs = 1000;
  for (const gap of between) {
    nowMs += gap;
    yield nowMs;
  }
}

describe('a schedule', () => {
  it('has nothing due as long as nothing happens', () => {
    const schedule = new Schedule(4);
    expect([schedule.workDueMs(), schedule.doubtDueMs(), schedule.crawlDueMs()]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('has a suspect root looked at at once, and once', () => {
    const schedule = new Schedule(4);
    schedule.open(1000);
    schedule.suspectRoot();
    expect(schedule.workDueMs()).toBe(0);
    expect(schedule.takeSuspicion()).toBe(true);
    expect(schedule.takeSuspicion()).toBe(false);
    expect(schedule.workDueMs()).toBe(1004);
  });

  it('reports a doubt once, and once more when it has become certain', () => {
    const schedule = new Schedule(4);
    expect(schedule.doubt(false, 1000)).toEqual({ begins: true, isNews: true });
    expect(schedule.doubt(false, 1001)).toEqual({ begins: false, isNews: false });
    expect(schedule.doubt(true, 1002)).toEqual({ begins: false, isNews: true });
    expect(schedule.doubt(true, 1003)).toEqual({ begins: false, isNews: false });
    expect(schedule.takeDoubt()).toMatchObject({ lossTold: true });
    expect(schedule.inDoubt).toBe(false);
    expect(schedule.doubt(true, 1004)).toEqual({ begins: true, isNews: true });
  });

  it('is in doubt from the first doubt until the crawl that ends it', () => {
    const schedule = new Schedule(4);
    schedule.doubt(false, 1000);
    expect(schedule.inDoubt).toBe(true);
    expect(schedule.takeDoubt()).toMatchObject({ lossTold: false });
    expect(schedule.inDoubt).toBe(false);
    expect(schedule.takeDoubt()).toBeUndefined();
  });

  it('has work due for a doubt or a batch, whichever comes first', () => {
    const schedule = new Schedule(80);
    schedule.doubt(false, 1000);
    expect(schedule.workDueMs()).toBe(1050);
    schedule.open(1000);
    expect(schedule.workDueMs()).toBe(1050);
    schedule.hinted(1020);
    expect(schedule.workDueMs()).toBe(1070);
    schedule.hinted(1035);
    expect(schedule.workDueMs()).toBe(1080);
  });

  it('takes the closing of a batch back, until that has lasted for 100 ms', () => {
    const schedule = new Schedule(4);
    schedule.open(1000);
    const openedMs = schedule.close();
    expect(schedule.reopen(openedMs, 1010)).toBe(true);
    expect(schedule.workDueMs()).toBe(1100);
    expect(schedule.reopen(schedule.close(), 1100)).toBe(false);
    expect(schedule.workDueMs()).toBeUndefined();
  });

  it('works no later than any hint wants, whatever else is due', async () => {
    await fc.assert(
      fc.property(gaps, fc.integer({ min: 0, max: 200 }), fc.boolean(), (between, settleMs, doubts) => {
        const schedule = new Schedule(settleMs);
        if (doubts) schedule.doubt(false, 1000);
        let openedMs: number | undefined;
        for (const nowMs of timesOf(between)) {
          // An alarm that was due before this hint has rung.
          const dueMs = schedule.workDueMs();
          if (dueMs !== undefined && dueMs <= nowMs) {
            schedule.close();
            schedule.takeDoubt();
            openedMs = undefined;
          }
          schedule.hinted(nowMs);
          schedule.open(nowMs);
          openedMs ??= nowMs;
          const next = schedule.workDueMs() ?? Number.POSITIVE_INFINITY;
          expect(next).toBeLessThanOrEqual(Math.min(nowMs + settleMs, openedMs + 100));
          expect(next).toBeGreaterThanOrEqual(Math.min(nowMs, openedMs + 100, 2000));
        }
      }),
      params,
    );
  });

  it('waits for quiet to settle a doubt, but for a second at most', async () => {
    await fc.assert(
      fc.property(gaps, (between) => {
        const schedule = new Schedule(4);
        schedule.doubt(false, 1000);
        for (const nowMs of timesOf(between)) {
          schedule.hinted(nowMs);
          expect(schedule.doubtDueMs()).toBe(Math.min(nowMs + 50, 2000));
        }
      }),
      params,
    );
  });

  it('crawls after a storm: when it is over, or has lasted for two seconds or ten crawls', async () => {
    await fc.assert(
      fc.property(gaps, fc.integer({ min: 0, max: 1000 }), (between, crawlMs) => {
        const schedule = new Schedule(4);
        const restMs = Math.max(250, crawlMs * 10);
        let sinceMs: number | undefined;
        for (const nowMs of timesOf(between)) {
          const dueMs = schedule.crawlDueMs();
          if (dueMs !== undefined && dueMs <= nowMs) {
            schedule.takeCrawl();
            sinceMs = undefined;
          }
          schedule.wantCrawl(storms, crawlMs, nowMs);
          sinceMs ??= nowMs;
          expect(schedule.crawlDueMs()).toBe(Math.min(nowMs + restMs, sinceMs + Math.max(2000, restMs)));
        }
      }),
      params,
    );
  });

  it('polls without letting hints put it off, and rests ten times as long as a crawl takes', () => {
    const schedule = new Schedule(4);
    schedule.wantCrawl(polling, 20, 1000);
    schedule.wantCrawl(polling, 20, 1400);
    expect(schedule.crawlDueMs()).toBe(1500);
    schedule.takeCrawl();
    expect(schedule.crawlDueMs()).toBeUndefined();
    schedule.wantCrawl(polling, 3000, 2000);
    expect(schedule.crawlDueMs()).toBe(32_000);
  });
});
