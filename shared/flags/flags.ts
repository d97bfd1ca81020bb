// The kinds of flags, and what their text means. A flag that is given again means the same thing everywhere: of
// several values, or switches, the last one counts, so that a flag in a shell's alias, or one that an agent was
// started with before, can be overridden; a list takes them all.

import { objectionToGlobs } from '../globs/index.ts';
import { UsageError } from '../index.ts';

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

/** One flag: what help says of it, and how its text becomes a value. */
export interface Flag<Value> {
  readonly description: string;
  /** Another name for it, behind one dash. */
  readonly letter?: string;
  /** Whether text belongs to it: none, one of which the last counts, or one each time it is given. */
  readonly takes: 'nothing' | 'value' | 'values';
  /** For the completion of its value; absent where that goes by the flag's name, or there is nothing to offer. */
  readonly completes?: Completes;
  /**
   * @param given the texts that it was given, in their order; none when it was not given
   * @throws UsageError naming the flag and what it takes
   */
  read(name: string, given: readonly string[]): Value;
}

/** What each flag was given, by name, in the order of the line; flags that were not given are absent. */
export type GivenFlags = ReadonlyMap<string, readonly string[]>;

/** A command's flags by name. */
export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

/** The values of a command's flags. */
export type FlagValues<Flags extends FlagTable> = {
  readonly [Name in keyof Flags]: ReturnType<Flags[Name]['read']>;
};

/**
 * The values of all flags of a table.
 * @throws UsageError for the first that is given what it does not take
 */
export function readFlags<Flags extends FlagTable>(flags: Flags, given: GivenFlags): FlagValues<Flags> {
  const values = Object.entries(flags).map(([name, flag]) => [name, flag.read(name, given.get(name) ?? [])]);
  // Object.fromEntries() forgets which flag has which type.
  return Object.fromEntries(values) as FlagValues<Flags>;
}

function valueFlag<Value>(
  description: string,
  parse: (name: string, text: string) => Value,
  completes?: Completes,
): Flag<Value | undefined> {
  return {
    description,
    takes: 'value',
    ...(completes === undefined ? {} : { completes }),
    read(name, given) {
      const text = given.at(-1);
      return text === undefined ? undefined : parse(name, text);
    },
  };
}

/** A flag without a value, which `--flag=false` takes back. */
export function switchFlag(description: string, letter?: string): Flag<boolean> {
  return {
    description,
    takes: 'nothing',
    ...(letter === undefined ? {} : { letter }),
    read(name, given) {
      const text = given.at(-1) ?? 'false';
      if (text === 'true' || text === '1') return true;
      if (text === 'false' || text === '0') return false;
      throw new UsageError(`--${name}: expected true or false, got ${text === '' ? 'nothing' : `"${text}"`}`);
    },
  };
}

/** The same flag, which one letter stands for as well. */
export function withLetter<Value>(letter: string, flag: Flag<Value>): Flag<Value> {
  return { ...flag, letter };
}

/** Any text. */
export function textFlag(description: string, completes?: Completes): Flag<string | undefined> {
  return valueFlag(description, (_name, text) => text, completes);
}

/** Any text, as often as wanted. */
export function listFlag(description: string, completes?: Completes): Flag<readonly string[]> {
  return {
    description,
    takes: 'values',
    ...(completes === undefined ? {} : { completes }),
    read: (_name, given) => given,
  };
}

/** Globs, as often as wanted; those that the agent would refuse are refused here, before anything is done. */
export function globFlag(description: string): Flag<readonly string[]> {
  return {
    ...listFlag(description),
    read: (name, given) => {
      const objection = objectionToGlobs(given);
      if (objection !== undefined) throw new UsageError(`--${name}: ${objection}`);
      return given;
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

const durationUnits: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A time in milliseconds from `leastMs` to `mostMs`, by default a day: written `500`, `500ms`, `5s`, `1m` or `2h`. */
export function durationFlag(
  description: string,
  leastMs: number,
  mostMs: number = longestWaitMs,
): Flag<number | undefined> {
  return valueFlag(description, (name, text) => {
    const [, digits = '', unit = ''] = /^([0-9]+)(ms|s|m|h)?$/.exec(text) ?? [];
    const ms = digits === '' ? Number.NaN : Number(digits) * (durationUnits[unit] ?? Number.NaN);
    if (ms >= leastMs && ms <= mostMs) return ms;
    throw new UsageError(
      `--${name} takes a whole number from ${leastMs} to ${mostMs} of milliseconds, or a time as in 500ms, 5s or 1m, not "${text}"`,
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

/** The flags of every program. */
export const programFlags = {
  help: switchFlag('Show help', 'h'),
  version: switchFlag('Show the version'),
} as const satisfies FlagTable;
