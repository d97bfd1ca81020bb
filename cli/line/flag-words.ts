// Flags as words on a line: what completion offers, and what is handed to another program.
import type { Completes, Flag, FlagTable, GivenFlags } from '../../shared/flags/index.ts';
import { commonFlags } from './common-flags.ts';

/** A flag on a command line. */
export interface FlagWord {
  /** Without dashes. */
  readonly name: string;
  /** A letter for it. */
  readonly letter?: string;
  readonly summary: string;
  readonly takesValue: boolean;
  /** Whether it may be given more than once. */
  readonly repeats: boolean;
  readonly completes?: Completes;
}

/** One word a thing: what a flag or an operand of this name takes, unless its definition says otherwise. */
const kinds: Readonly<Record<string, Completes>> = {
  name: 'instance',
  root: 'root',
  topic: 'topicFilter',
  config: 'file',
  'log-file': 'file',
  DIR: 'directory',
  FILE: 'file',
  GLOB: 'file',
  ID: 'client',
};

/** What a value of this name is; nothing for a name that tells nothing. */
export function completesByName(name: string): { completes?: Completes } {
  const kind = kinds[name];
  return kind === undefined ? {} : { completes: kind };
}

/** The flags of a table, as completion offers them. */
export function flagWords(flags: FlagTable): FlagWord[] {
  return Object.entries(flags).map(([name, { description, letter, takes, completes }]) => ({
    name,
    ...(letter === undefined ? {} : { letter }),
    summary: description,
    takesValue: takes !== 'nothing',
    repeats: takes === 'values',
    ...(completes === undefined ? completesByName(name) : { completes }),
  }));
}

/** The flags of another program, by name: their texts are left to it. */
export function flagTableOf(words: readonly FlagWord[]): Readonly<Record<string, Flag<readonly string[]>>> {
  const entries = words.map(({ name, summary, takesValue, repeats, letter, completes }) => {
    const takes = !takesValue ? 'nothing' : repeats ? 'values' : 'value';
    const flag: Flag<readonly string[]> = {
      description: summary,
      takes,
      ...(letter === undefined ? {} : { letter }),
      ...(completes === undefined ? {} : { completes }),
      read: (_name, given) => given,
    };
    return [name, flag] as const;
  });
  return Object.fromEntries(entries);
}

/** The flags that a command passes on, but for those that every command has itself. */
export function passedFlags(words: readonly FlagWord[] = []): readonly FlagWord[] {
  return words.filter(({ name }) => !Object.hasOwn(commonFlags, name));
}

/** What was given of these flags, as words for the program that they belong to. */
export function wordsGiven(flags: Iterable<string>, given: GivenFlags): string[] {
  return [...flags].flatMap((name) => (given.get(name) ?? []).map((text) => `--${name}=${text}`));
}
