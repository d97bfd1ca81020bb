import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DevagentError } from './errors.ts';
import { consoleLine, jsonLine, type LogEntry } from './log-line.ts';

const time = new Date(2030, 0, 2, 3, 4, 5, 6);

function entry(fields: Record<string, unknown>, level: LogEntry['level'] = 'warn'): LogEntry {
  return { time, level, event: 'event', fields };
}

function onConsole(
  fields: Record<string, unknown>,
  level: LogEntry['level'] = 'warn',
  debug = false,
): string {
  return consoleLine(entry(fields, level), { color: false, debug });
}

describe('consoleLine', () => {
  it.each([
    ['plain/path-1.ts', 'plain/path-1.ts'],
    ['two words', '"two words"'],
    ['', '""'],
    ['a=b', '"a=b"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['über', 'über'],
    [12.5, '12.5'],
    [true, 'true'],
    [null, 'null'],
    [10n, '10'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [{ a: [1, 'x'] }, '{"a":[1,"x"]}'],
    ['red\u001b[31m', '"red\\u001b[31m"'],
    ['line\nbreak', '"line\\nbreak"'],
    ['\u0085\u009b', '"\\u0085\\u009b"'],
    ['left\u202eright', '"left\\u202eright"'],
  ])('shows %j as %s', (value, text) => {
    expect(onConsole({ key: value })).toBe(`03:04:05.006 warn  event  key=${text}`);
  });

  it('leaves out undefined fields', () => {
    expect(onConsole({ key: undefined })).toBe('03:04:05.006 warn  event');
  });

  it('is one line without control characters, whatever the event and its fields', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.dictionary(fc.string({ unit: 'binary' }), fc.anything()),
        (event, fields) => {
          const line = consoleLine({ time, level: 'info', event, fields }, { color: false, debug: false });
          expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        },
      ),
    );
  });

  it('shows message and code of an error, and its stack where a programmer has to look', () => {
    const error = Object.assign(new TypeError('no\nway'), { code: 'E_NO' });
    const line = '03:04:05.006 warn  event  error="no\\nway" error.code=E_NO';
    expect(onConsole({ error })).toBe(line);
    const [first, ...frames] = onConsole({ error }, 'warn', true).split('\n');
    expect(first).toBe(line);
    expect(frames[0]).toMatch(/^ {4}at .*log-line\.test\.ts/);
    for (const frame of frames) expect(frame).toMatch(/^ {4}at /);
    expect(onConsole({ error }, 'error')).toMatch(/\n {4}at .*log-line\.test\.ts/);
    expect(onConsole({ error: new DevagentError('lock_held', 'wait') }, 'error')).toBe(
      '03:04:05.006 error event  error=wait error.code=lock_held',
    );
  });
});

describe('jsonLine', () => {
  it('begins with time, level and event, which fields can not replace', () => {
    expect(jsonLine(entry({ level: 'x', time: 0, event: 1, key: 'value' }))).toBe(
      `{"time":"${time.toISOString()}","level":"warn","event":"event","key":"value"}`,
    );
  });

  it('renders errors with message, code, stack and cause', () => {
    const cause = new Error('below');
    const error = new DevagentError('lock_held', 'wait', { cause });
    expect(JSON.parse(jsonLine(entry({ error })))).toMatchObject({
      error: {
        message: 'wait',
        code: 'lock_held',
        stack: expect.stringContaining('log-line.test.ts'),
        cause: { message: 'below', stack: expect.stringContaining('log-line.test.ts') },
      },
    });
  });

  it('renders what JSON can not hold', () => {
    const circle: Record<string, unknown> = {
      bytes: Buffer.from('abc'),
      map: new Map([['a', new Set([1n])]]),
    };
    circle['self'] = circle;
    const rendered: unknown = JSON.parse(jsonLine(entry({ circle, call: Math.max, toJSON: { toJSON: 1 } })));
    expect(rendered).toMatchObject({
      circle: { bytes: '[3 bytes]', map: { a: ['1'] }, self: { bytes: '[3 bytes]' } },
      call: '[function max]',
    });
  });

  it('is one line of JSON, whatever the fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), (fields) => {
        const line = jsonLine(entry(fields));
        expect(line).not.toContain('\n');
        expect(JSON.parse(line)).toMatchObject({ level: 'warn', event: 'event' });
      }),
    );
  });
});
