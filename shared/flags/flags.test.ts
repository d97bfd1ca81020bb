import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../index.ts';
import {
  choiceFlag,
  durationFlag,
  jsonFlag,
  listFlag,
  switchFlag,
  textFlag,
  wholeNumberFlag,
} from './flags.ts';

describe('flags', () => {
  it('reads a whole number and nothing that only looks like one', () => {
    const flag = wholeNumberFlag('how many', 1, 100);
    expect(flag.read('limit', ['7'])).toBe(7);
    expect(flag.read('limit', [])).toBeUndefined();
    for (const text of ['0', '101', '-1', '1.5', '0x10', '1e1', ' 1', '', '٣']) {
      expect(() => flag.read('limit', [text])).toThrow(UsageError);
    }
    expect(() => flag.read('limit', ['7x'])).toThrow('--limit takes a whole number from 1 to 100, not "7x"');
  });

  it('reads a time in milliseconds or larger units', () => {
    const flag = durationFlag('how long', 0, 3_600_000);
    for (const [text, ms] of [
      ['500', 500],
      ['500ms', 500],
      ['5s', 5_000],
      ['1m', 60_000],
      ['1h', 3_600_000],
      ['0', 0],
    ] as const) {
      expect(flag.read('kill-after', [text])).toBe(ms);
    }
    for (const text of ['', 's', '5d', '1.5s', '-1', '61m', '5 s', '5S']) {
      expect(() => flag.read('kill-after', [text])).toThrow(
        `--kill-after takes a whole number from 0 to 3600000 of milliseconds, or a time as in 500ms, 5s or 1m, not "${text}"`,
      );
    }
  });

  it('takes the last of several values, and minds no earlier one', () => {
    expect(textFlag('a topic').read('topic', ['a', 'b'])).toBe('b');
    expect(wholeNumberFlag('how many', 1, 9).read('limit', ['x', '2'])).toBe(2);
    expect(choiceFlag('how', ['text', 'json']).read('format', ['json', 'text'])).toBe('text');
  });

  it('collects the values of a flag that may be repeated', () => {
    expect(listFlag('globs').read('match', ['a', 'b'])).toEqual(['a', 'b']);
    expect(listFlag('globs').read('match', [])).toEqual([]);
  });

  it('tells a given null from nothing given', () => {
    expect(jsonFlag('data').read('data', ['null'])).toEqual({ value: null });
    expect(jsonFlag('data').read('data', [])).toBeUndefined();
    expect(() => jsonFlag('data').read('data', ['{a'])).toThrow('--data takes JSON:');
  });

  it('names the words that it takes', () => {
    const flag = choiceFlag('how', ['text', 'json']);
    expect(flag.read('format', ['json'])).toBe('json');
    expect(() => flag.read('format', ['xml'])).toThrow('--format takes text or json, not "xml"');
  });

  it('takes the last of repeated switches', () => {
    expect(switchFlag('json').read('json', [])).toBe(false);
    expect(switchFlag('json').read('json', ['true', 'false'])).toBe(false);
    expect(switchFlag('json').read('json', ['0', '1'])).toBe(true);
    for (const [text, shown] of [
      ['maybe', '"maybe"'],
      ['', 'nothing'],
    ] as const) {
      expect(() => switchFlag('json').read('json', [text])).toThrow(
        `--json: expected true or false, got ${shown}`,
      );
    }
  });
});
