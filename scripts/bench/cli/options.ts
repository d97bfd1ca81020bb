// The command line of the benchmark.
import { parseArgs } from 'node:util';
import { words } from '../support/options.ts';
import { type ContenderKey, contenderKeys } from './contenders.ts';

/** What a run is to do. */
export interface Options {
  readonly contenders: readonly ContenderKey[];
  readonly rounds: number;
  /** File for the results, besides standard output. */
  readonly markdown?: string;
}

/** Printed for `--help`. */
export const help = `npm run bench:cli -- [OPTIONS]      (Linux, after npm run build)

  --only KEYS      of ${contenderKeys.join(',')}
  --rounds N       times that each command runs (100)
  --markdown FILE  write the results there, too
`;

/** Reads the arguments; undefined when help was asked for. Throws an Error that says what is wrong. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: contenderKeys.join(',') },
      rounds: { type: 'string', default: '100' },
      markdown: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds <= 0)
    throw new Error(`--rounds: ${values.rounds} is no whole number above 0`);
  return {
    contenders: words('only', values.only, contenderKeys),
    rounds,
    ...(values.markdown === undefined ? {} : { markdown: values.markdown }),
  };
}
