import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { greatest, Rates } from './rates.ts';

const message = { isMessage: true, bytes: 10 };
const file = { isMessage: false, bytes: 100 };

describe('rates', () => {
  it('counts events, messages and bytes of each whole second', () => {
    const rates = new Rates(3);
    rates.knownFrom(0);
    rates.add(7_000, file);
    rates.add(7_999, message);
    rates.add(9_000, message);
    // Under way, and so not told yet.
    rates.add(10_000, message);
    expect(rates.series(10_500)).toEqual({
      seconds: [7, 8, 9],
      events: [2, 0, 1],
      messages: [1, 0, 1],
      bytes: [110, 0, 10],
    });
  });

  it('tells nothing of the time before it knew all', () => {
    const rates = new Rates(4);
    rates.knownFrom(7_001);
    rates.knownFrom(9_000);
    rates.add(7_001, file);
    rates.add(8_000, file);
    expect(rates.series(10_000).events).toEqual([null, null, 1, 0]);
  });

  it('is the same as counting all events anew, whatever their order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20_000 })), fc.nat({ max: 10 }), (times, later) => {
        const rates = new Rates(30);
        rates.knownFrom(0);
        for (const time of times) rates.add(time, file);
        const end = 21 + later;
        const { seconds, events } = rates.series(end * 1000);
        for (const [index, second] of seconds.entries()) {
          if (second < 0) continue;
          expect(events[index]).toBe(times.filter((time) => Math.floor(time / 1000) === second).length);
        }
      }),
    );
  });
});

describe('greatest', () => {
  it('passes over what is not known', () => {
    expect(greatest([null, 3, null, 2])).toBe(3);
    expect(greatest([null])).toBe(0);
  });
});
