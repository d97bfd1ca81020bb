import { describe, expect, it } from '@jest/globals';
import { Settler } from './settle.ts';

describe('a batch', () => {
  it('is due when no hint came for the settle time', () => {
    const settler = new Settler(4, 100);
    expect(settler.dueMs()).toBeUndefined();
    settler.hint(1000);
    expect(settler.dueMs()).toBe(1004);
    settler.hint(1003);
    expect(settler.dueMs()).toBe(1007);
  });

  it('is due in the end, however many hints come', () => {
    const settler = new Settler(4, 100);
    for (let nowMs = 1000; nowMs < 1200; nowMs += 3) settler.hint(nowMs);
    expect(settler.dueMs()).toBe(1100);
  });

  it('is followed by another one with times of its own', () => {
    const settler = new Settler(4, 100);
    settler.hint(1000);
    settler.close();
    expect(settler.dueMs()).toBeUndefined();
    settler.hint(1099);
    expect(settler.dueMs()).toBe(1103);
  });

  it('can be held as long as it may last at most', () => {
    const settler = new Settler(4, 100);
    expect(settler.leftMs(1000)).toBe(0);
    settler.hint(1000);
    settler.hint(1050);
    expect(settler.leftMs(1060)).toBe(40);
    expect(settler.leftMs(1200)).toBe(0);
  });
});
