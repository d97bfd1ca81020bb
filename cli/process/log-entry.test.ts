import { describe, expect, it } from '@jest/globals';
import { consoleLine, jsonLine, type LogEntry } from '../../shared/index.ts';
import { parseLogLine } from './log-entry.ts';

const time = new Date(2030, 0, 2, 3, 4, 5, 6);

describe('parseLogLine', () => {
  it.each<[string, LogEntry['level'], Record<string, unknown>]>([
    ['no fields', 'info', {}],
    ['fields of all kinds', 'debug', { root: '/a b', files: 3, deep: { list: [1, null] }, ok: true }],
    ['an error with a code', 'warn', { error: Object.assign(new Error('no\nway'), { code: 'E_NO' }) }],
    ['an error and its stack', 'error', { origin: 'x', error: new TypeError('unforeseen') }],
  ])('reads an entry with %s so that it is shown as the agent showed it', (_what, level, fields) => {
    const entry: LogEntry = { time, level, event: 'it happened', fields };
    const read = parseLogLine(jsonLine(entry));
    const style = { color: true, debug: false };
    expect(read === undefined ? undefined : consoleLine(read, style)).toBe(consoleLine(entry, style));
  });

  it.each([
    '',
    '{"time":"2030-01-02T03:04:05.006Z","level":"in',
    'null',
    '[]',
    '"x"',
    '{"time":"2030-01-02T03:04:05.006Z","level":"info"}',
    '{"time":"2030-01-02T03:04:05.006Z","level":"fatal","event":"x"}',
    '{"time":"yesterday","level":"info","event":"x"}',
    '{"time":7,"level":"info","event":"x"}',
  ])('takes %j for no entry', (line) => {
    expect(parseLogLine(line)).toBeUndefined();
  });
});
