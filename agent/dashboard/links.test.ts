import { describe, expect, it } from '@jest/globals';
import { Links } from './links.ts';

/** Links of a clock that stands until it is told. */
function linksAt(startMs: number): { links: Links; clock: { ms: number } } {
  const clock = { ms: startMs };
  return { links: new Links(() => clock.ms), clock };
}

describe('a link', () => {
  it('is good once', () => {
    const { links } = linksAt(0);
    const [first, second] = [links.make(), links.make()];
    expect(first.code).toMatch(/^[\w-]{43}$/);
    expect(links.redeem(first.code)).toBe(true);
    expect(links.redeem(first.code)).toBe(false);
    expect(links.redeem(second.code)).toBe(true);
  });

  it('is good for a minute', () => {
    const { links, clock } = linksAt(1_000);
    const [early, late] = [links.make(), links.make()];
    expect(early.expiresInMs).toBe(60_000);
    clock.ms += 59_999;
    expect(links.redeem(early.code)).toBe(true);
    clock.ms += 1;
    expect(links.redeem(late.code)).toBe(false);
  });

  it('is not what nobody made', () => {
    const { links } = linksAt(0);
    const { code } = links.make();
    for (const other of ['', 'x', code.slice(1), `${code} `, code.toLowerCase()])
      expect(links.redeem(other)).toBe(false);
    expect(links.redeem(code)).toBe(true);
  });

  it('is forgotten after sixteen more', () => {
    const { links } = linksAt(0);
    const codes = Array.from({ length: 17 }, () => links.make().code);
    expect(codes.map((code) => links.redeem(code))).toEqual(codes.map((_, index) => index > 0));
  });
});
