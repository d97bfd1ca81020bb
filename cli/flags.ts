// The kinds of flags. yargs finds a flag and its text on the command line; what the text means is decided
// here, because yargs takes "12abc" or "0x10" for a number and two values where one is meant.
import type { Options } from 'yargs';
import { objectionToGlobs } from '../shared/globs/index.ts';
import { UsageError } from './errors.ts';

/**
 * What a shell offers for a value: one of some words, or what the machine or the agent has of this kind. A
 * `topic` is one to send on, a `topicFilter` may have wildcards.
 */
export type Completes =
  | readonly string[]
  | 'file'
  | 'directory'
  | 'client'
  | 'root'
  | 'instance'
  | 'topic'
  | 'topicFilter';

/** One flag of a command: what yargs is told of it, and how its text becomes a value. */
export interface Flag<Value> {
  readonly options: Options;
  /** For the completion of its value; absent where that goes by the flag's name, or there is nothing to offer. */
  readonly completes?: Completes;
  /**
   * @param raw what yargs found, undefined when the flag is not given
   * @throws UsageError naming the flag and what it takes
   */
  read(name: string, raw: unknown): Value;
}

/** A command's flags by name. */
export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

/** The values of a command's flags. */
export type FlagValues<Flags extends FlagTable> = {
  readonly [Name in keyof Flags]: ReturnType<Flags[Name]['read']>;
};

/** Reads all flags of a table from what yargs found. */
export function readFlags<Flags extends FlagTable>(
  flags: Flags,
  found: Readonly<Record<string, unknown>>,
): FlagValues<Flags> {
  const values = Object.entries(flags).map(([name, flag]) => [name, flag.read(name, found[name])]);
  // Object.fromEntries() forgets which flag has which type.
  return Object.fromEntries(values) as FlagValues<Flags>;
}

function texts(raw: unknown): readonly string[] {
  if (raw === undefined) return [];
  return (Array.isArray(raw) ? raw : [raw]).map(String);
}

function valueFlag<Value>(
  description: string,
  parse: (name: string, text: string) => Value,
  completes?: Completes,
): Flag<Value | undefined> {
  return {
    options: { type: 'string', requiresArg: true, description },
    ...(completes === undefined ? {} : { completes }),
    read(name, raw) {
      const [text, ...others] = texts(raw);
      if (others.length > 0) throw new UsageError(`--${name} is given twice and takes one value`);
      return text === undefined ? undefined : parse(name, text);
    },
  };
}

/** A flag without a value; `letter` is another name for it, behind one dash. */
export function switchFlag(description: string, letter?: string): Flag<boolean> {
  return {
    options: { type: 'boolean', description, ...(letter === undefined ? {} : { alias: letter }) },
    read: (_name, raw) => (Array.isArray(raw) ? raw.at(-1) : raw) === true,
  };
}

/** The same flag, which one letter stands for as well. */
export function withAlias<Value>(letter: string, flag: Flag<Value>): Flag<Value> {
  return { ...flag, options: { ...flag.options, alias: letter } };
}

/** Any text, once. */
export function textFlag(description: string, completes?: Completes): Flag<string | undefined> {
  return valueFlag(description, (_name, text) => text, completes);
}

/** Any text, as often as wanted. */
export function listFlag(description: string): Flag<readonly string[]> {
  return {
    options: { type: 'string', array: true, requiresArg: true, description },
    read: (_name, raw) => texts(raw),
  };
}

/** Globs, as often as wanted; those that the agent would refuse are refused here, before anything is done. */
export function globFlag(description: string): Flag<readonly string[]> {
  return {
    options: { type: 'string', array: true, requiresArg: true, description },
    read: (name, raw) => {
      const globs = texts(raw);
      const objection = objectionToGlobs(globs);
      if (objection !== undefined) throw new UsageError(`--${name}: ${objection}`);
      return globs;
    },
  };
}

/** One of some words. */
export function choiceFlag<const Word extends string>(
  description: string,
  words: readonly Word[],
): Flag<Word | undefined> {
  const read = (name: string, text: string): Word => {
    const word = words.find((known) => known === text);
    if (word === undefined) throw new UsageError(`--${name} takes ${words.join(' or ')}, not "${text}"`);
    return word;
  };
  return valueFlag(`${description}: ${words.join(', ')}`, read, words);
}

/** A whole number in decimal digits, from `least` to `most`. */
export function wholeNumberFlag(description: string, least: number, most: number): Flag<number | undefined> {
  return valueFlag(description, (name, text) => {
    const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new UsageError(`--${name} takes a whole number ${range}, not "${text}"`);
  });
}

/** Longer than anybody waits at a shell, and far below where timers overflow. */
const longestWaitMs = 24 * 3_600_000;

/** How long to wait, in milliseconds, from `leastMs` to a day. */
export function waitFlag(description: string, leastMs: number): Flag<number | undefined> {
  return wholeNumberFlag(description, leastMs, longestWaitMs);
}

const durationUnits: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000 };

/** A time in milliseconds, written `500`, `500ms` or `5s`; at most `mostMs`. */
export function durationFlag(description: string, mostMs: number): Flag<number | undefined> {
  return valueFlag(description, (name, text) => {
    const [, digits = '', unit = ''] = /^([0-9]+)(ms|s)?$/.exec(text) ?? [];
    const ms = digits === '' ? Number.NaN : Number(digits) * (durationUnits[unit] ?? Number.NaN);
    if (ms <= mostMs) return ms;
    throw new UsageError(
      `--${name} takes milliseconds, or a time as in 500ms or 5s, up to ${mostMs / 1_000}s, not "${text}"`,
    );
  });
}

/** JSON text; wrapped, so that a given `null` differs from nothing given. */
export function jsonFlag(description: string): Flag<{ readonly value: unknown } | undefined> {
  return valueFlag(description, (name, text) => {
    try {
      return { value: JSON.parse(text) as unknown };
    } catch (error) {
      throw new UsageError(
        `--${name} takes JSON: ${error instanceof Error ? error.message : String(error)}`,
        `quote it for the shell, as in: --${name} '{"ok":true}'`,
      );
    }
  });
}
