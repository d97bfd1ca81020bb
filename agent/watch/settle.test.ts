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
    settler.hint(1000);
    expect(settler.reopen(settler.close(), 1004)).toBe(true);
    expect(settler.dueMs()).toBe(1100);
    settler.hint(1050);
    expect(settler.dueMs()).toBe(1054);
    expect(settler.reopen(settler.close(), 1054)).toBe(true);
    expect(settler.dueMs()).toBe(1100);
    expect(settler.reopen(settler.close(), 1100)).toBe(false);
    expect(settler.dueMs()).toBeUndefined();
  });

  it('that was held goes on with the hints that came meanwhile', () => {
    const settler = new Settler(4, 100);
    settler.hint(1000);
    const openedMs = settler.close();
    settler.hint(1006);
    expect(settler.reopen(openedMs, 1007)).toBe(true);
    expect(settler.dueMs()).toBe(1010);
  });

  it('can not be held when there was none', () => {
    const settler = new Settler(4, 100);
    expect(settler.reopen(settler.close(), 1000)).toBe(false);
    expect(settler.dueMs()).toBeUndefined();
  });
});
