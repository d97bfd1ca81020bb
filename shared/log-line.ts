// How a log entry looks: for people on a console, and as a JSON line in a file. Pure: entry in, text out.
// The agent writes both, and agent-cli turns the second into the first.
import { types } from 'node:util';
import picocolors from 'picocolors';
import { DevagentError } from './errors.ts';
import { timeOfDay } from './units.ts';
import { visibleJson } from './visible-text.ts';

/** From the gravest on: a log at one level holds those before it as well. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;

export type LogLevel = (typeof logLevels)[number];

/** One event of the log. */
export interface LogEntry {
  readonly time: Date;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Deeper than anything worth a log line; it also ends circles. */
const depthLimit = 6;

/**
 * Renders an entry as one JSON object: `{time, level, event, ...fields}`. Fields of those three names are
 * left out; errors become `{message, code, stack}`.
 */
export function jsonLine({ time, level, event, fields }: LogEntry): string {
  const entry: Record<string, unknown> = { time: time.toISOString(), level, event };
  for (const [key, value] of Object.entries(fields)) {
    if (!Object.hasOwn(entry, key)) entry[key] = plain(value, 0);
  }
  return JSON.stringify(entry);
}

/**
 * Renders an entry for people, `12:00:01.123 info  root ready  root=/x files=12`, in local time. The
 * stack of an error that nobody foresaw follows on lines of its own, for the levels error and debug.
 * Control characters are escaped, so that the name of a file can't operate the terminal.
 */
export function consoleLine(entry: LogEntry, options: { color: boolean; debug: boolean }): string {
  const color = picocolors.createColors(options.color);
  const paint = { error: color.red, warn: color.yellow, info: color.green, debug: color.dim }[entry.level];
  const fields: string[] = [];
  const stacks: string[] = [];
  const add = (key: string, value: unknown): void => {
    if (value !== undefined) fields.push(`${color.dim(`${visibleJson(key)}=`)}${valueText(value)}`);
  };
  for (const [key, value] of Object.entries(entry.fields)) {
    if (types.isNativeError(value)) {
      add(key, value.message);
      add(`${key}.code`, errorCode(value));
      if (options.debug || (entry.level === 'error' && !(value instanceof DevagentError))) {
        stacks.push(...stackFrames(value));
      }
    } else {
      add(key, value);
    }
  }
  const head = `${color.dim(timeText(entry.time))} ${paint(entry.level.padEnd(5))} ${visibleJson(entry.event)}`;
  const line = fields.length === 0 ? head : `${head}  ${fields.join(' ')}`;
  return [line, ...stacks.map((frame) => color.dim(`    ${visibleJson(frame)}`))].join('\n');
}

function timeText(time: Date): string {
  const { clock, fraction } = timeOfDay(time.getTime());
  return clock + fraction;
}

/** The lines of a stack that name places, without the message above them. */
function stackFrames(error: Error): string[] {
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  return lines.filter((line) => line.startsWith('at '));
}

function valueText(value: unknown): string {
  const simple = plain(value, 0);
  if (typeof simple !== 'string') return visibleJson(JSON.stringify(simple) ?? String(simple));
  const bare = simple !== '' && !/[\s"=]/.test(simple) && visibleJson(simple) === simple;
  return bare ? simple : visibleJson(JSON.stringify(simple));
}

function errorCode(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}

/** Turns anything into what JSON can hold, without calling toJSON methods that could throw. */
function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return `[function ${value.name}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (depth === depthLimit) return '[…]';
  if (types.isNativeError(value)) {
    const { message, stack, cause } = value;
    return {
      message,
      code: plain(errorCode(value), depth + 1),
      stack,
      ...(cause === undefined ? {} : { cause: plain(cause, depth + 1) }),
    };
  }
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value) || types.isSet(value)) return [...value].map((item) => plain(item, depth + 1));
  const entries = types.isMap(value) ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [String(key), plain(item, depth + 1)]));
}
