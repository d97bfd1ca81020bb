// From the words of a command line to the flags and operands that they are. Node's own parseArgs tells the words
// apart; what it lets pass, or takes for something else than people mean, is decided here, for both programs.
import { parseArgs } from 'node:util';
import { UsageError } from '../index.ts';
import type { FlagTable, GivenFlags } from './flags.ts';
import { closestWord } from './suggestion.ts';

/** A command line, its values not yet checked. */
export interface WordsRead {
  readonly given: GivenFlags;
  /** The words that are no flags, as typed. */
  readonly operands: readonly string[];
  /** What follows a `--`, as typed. */
  readonly trailing: readonly string[];
}

/** `-5` and `-.5` are numbers, unless a flag has that letter, and `-` is standard input. */
function looksLikeFlag(word: string): boolean {
  return /^-./s.test(word) && !/^-\.?[0-9]/.test(word);
}

function unknownFlags(names: readonly string[], flags: FlagTable, program: string): UsageError {
  const [first = ''] = names;
  // Where no flag has the letter, other programs show their version.
  const asked = /^-v$/i.test(first) ? 'version' : first.replace(/^-+/, '');
  const meant = closestWord(asked, Object.keys(flags));
  const remedy = /\s/.test(first) ? 'put -- before text that begins with a dash' : `see: ${program} --help`;
  return new UsageError(
    `unknown flag ${names.join(', ')}`,
    meant === undefined ? remedy : `did you mean --${meant}?`,
  );
}

/**
 * Reads the words of a command line. Flags may stand before, between and behind operands; a value follows its flag
 * or an equals sign (`--port 0`, `--port=0`, `-n5`), and letters without values may share a dash. A switch
 * never takes the next word for its value: only `--switch=false` says no.
 * @param words without interpreter and program
 * @param flags every flag that may be given
 * @param program what to ask for help, as in `agent-cli tail`
 * @throws UsageError for flags that do not exist, and a flag without its value
 */
export function readWords(words: readonly string[], flags: FlagTable, program: string): WordsRead {
  const { tokens } = parseArgs({
    args: [...words],
    allowPositionals: true,
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { takes, letter }]) => [
        name,
        {
          type: takes === 'nothing' ? ('boolean' as const) : ('string' as const),
          ...(letter === undefined ? {} : { short: letter }),
        },
      ]),
    ),
  });
  const given = new Map<string, string[]>();
  const operands = new Map<number, string>();
  const unknown = new Set<string>();
  let end = words.length;
  for (const token of tokens) {
    const word = words[token.index] ?? '';
    if (token.kind === 'option-terminator') end = token.index;
    else if (token.kind === 'positional') operands.set(token.index, word);
    else if (!Object.hasOwn(flags, token.name)) {
      if (looksLikeFlag(word)) unknown.add(token.rawName);
      else operands.set(token.index, word);
    } else {
      const values = given.get(token.name) ?? [];
      given.set(token.name, values);
      values.push(valueIn(token, flags[token.name]?.takes === 'nothing'));
    }
  }
  if (unknown.size > 0) throw unknownFlags([...unknown], flags, program);
  return {
    given,
    operands: [...operands].filter(([index]) => index < end).map(([, word]) => word),
    trailing: words.slice(end + 1),
  };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function valueIn({ name, rawName, value, inlineValue }: OptionToken, isSwitch: boolean): string {
  if (isSwitch) return value ?? 'true';
  if (value === undefined || (inlineValue !== true && looksLikeFlag(value))) {
    throw new UsageError(`--${name} needs a value`);
  }
  // parseArgs takes the sign of -n=5 for a part of the value.
  return inlineValue === true && !rawName.startsWith('--') ? value.replace(/^=/, '') : value;
}
