// The command line as yargs's own parser reads it, without the rest of yargs: that lays out help and explains
// mistakes, and loading it takes a tenth of a command's whole time.
import { Parser } from 'yargs/helpers';
import type { FlagTable } from './flags.ts';

/** For both ways of parsing: a word means what it says. */
export const parserConfiguration = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'greedy-arrays': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
} as const;

/** What was found by flag, operands as `_` and what follows a `--` as `--`. */
export type Found = { readonly _: readonly unknown[] } & Readonly<Record<string, unknown>>;

/**
 * Reads a command line that is in order.
 * @returns undefined for one with an unknown flag or a missing value: yargs explains it
 */
export function findFlags(words: readonly string[], flags: FlagTable): Found | undefined {
  const all = Object.entries(flags);
  const names = (wanted: (flag: FlagTable[string]) => boolean): string[] =>
    all.filter(([, flag]) => wanted(flag)).map(([name]) => name);
  const aliases = all.flatMap(([name, { options }]) =>
    typeof options.alias === 'string' ? [[name, options.alias] as const] : [],
  );
  const { argv, error } = Parser.detailed([...words], {
    alias: Object.fromEntries(aliases),
    array: names(({ options }) => options.array === true),
    boolean: names(({ options }) => options.type === 'boolean'),
    string: names(({ options }) => options.type === 'string'),
    // As yargs tells its parser of a flag that needs a value.
    narg: Object.fromEntries(
      names(({ options }) => options.requiresArg === true).map((name) => [name, Number.NaN]),
    ),
    configuration: parserConfiguration,
  });
  const known = new Set(['_', '--', ...Object.keys(flags), ...aliases.map(([, alias]) => alias)]);
  return error === null && Object.keys(argv).every((key) => known.has(key)) ? argv : undefined;
}
