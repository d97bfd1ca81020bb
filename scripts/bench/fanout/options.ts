// The command line of the benchmark.
import { parseArgs } from 'node:util';
import { words } from '../support/options.ts';
import { type ServerKey, serverKeys } from './server.ts';

/** What can be measured apart. */
export const parts = ['fanout', 'sizes', 'stuck', 'replay', 'wide'] as const;
export type Part = (typeof parts)[number];

/** How much is sent. */
export interface Amounts {
  /** The servers take turns so often: a machine is not as fast in one minute as in the next. */
  readonly rounds: number;
  /** One at a time, in each round. */
  readonly messages: number;
  /** Of as many messages as there are senders, in each round. */
  readonly bursts: number;
  /** With and without a stuck client, one at a time after each start. */
  readonly stuckMessages: number;
  readonly starts: number;
  readonly replays: number;
  /** Below node_modules, for the client with the wide view. */
  readonly ignoredFiles: number;
}

/** What a run is to do. */
export interface Options {
  readonly servers: readonly ServerKey[];
  readonly clients: number;
  readonly parts: ReadonlySet<Part>;
  readonly amounts: Amounts;
  /** File for the results, besides standard output. */
  readonly markdown?: string;
}

/** Rounds enough to tell what repeats from what does not. */
const usual: Amounts = {
  rounds: 9,
  messages: 100,
  bursts: 6,
  stuckMessages: 100,
  starts: 3,
  replays: 5,
  ignoredFiles: 300_000,
};
const quick: Amounts = {
  rounds: 1,
  messages: 100,
  bursts: 4,
  stuckMessages: 50,
  starts: 1,
  replays: 3,
  ignoredFiles: 3_000,
};

/** Printed for `--help`. */
export const help = `npm run bench:fanout -- [OPTIONS]      (Linux, after npm run build)

  --only KEYS      of ${serverKeys.join(',')}
  --clients N      clients that all servers are compared with (1000)
  --parts PARTS    of ${parts.join(',')}
  --rounds N       starts of each server, in turns (${usual.rounds})
  --quick          fewer messages: a look, not a measurement
  --markdown FILE  write the results there, too
`;

/** Reads the arguments; undefined when help was asked for. Throws an Error that says what is wrong. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: serverKeys.join(',') },
      clients: { type: 'string', default: '1000' },
      parts: { type: 'string', default: parts.join(',') },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      markdown: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const clients = Number(values.clients);
  if (!Number.isInteger(clients) || clients <= 0)
    throw new Error(`--clients: ${values.clients} is no whole number above 0`);
  const amounts = values.quick ? quick : usual;
  const rounds = values.rounds === undefined ? amounts.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds <= 0)
    throw new Error(`--rounds: ${values.rounds} is no whole number above 0`);
  return {
    servers: words('only', values.only, serverKeys),
    clients,
    parts: new Set(words('parts', values.parts, parts)),
    amounts: { ...amounts, rounds },
    ...(values.markdown === undefined ? {} : { markdown: values.markdown }),
  };
}
