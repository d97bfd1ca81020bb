// The command line of the benchmark.
import { parseArgs } from 'node:util';
import { words } from '../support/options.ts';
import { type PeerKey, peerKeys } from './peer.ts';

/** What can be measured apart. */
export const parts = [
  'ready',
  'latency',
  'truth',
  'overflow',
  'idle',
  'crawl',
  'standstill',
  'changes',
  'growth',
] as const;
export type Part = (typeof parts)[number];

/** What a run is to do. */
export interface Options {
  readonly peers: readonly PeerKey[];
  readonly sizes: readonly number[];
  readonly parts: ReadonlySet<Part>;
  readonly seeds: readonly number[];
  readonly rounds: number;
  readonly idleSeconds: number;
  /** File for the results, besides standard output. */
  readonly markdown?: string;
}

/** Printed for `--help`. */
export const help = `npm run bench:watch -- [OPTIONS]      (Linux, after npm run build)

  --only KEYS       of ${peerKeys.join(',')}
  --sizes NUMBERS   files in the trees (10000,100000)
  --large           500000 files, too
  --parts PARTS     of ${parts.join(',')}
  --seeds NUMBERS   for the random operations (1,2,3)
  --rounds N        starts of each peer on each tree (5)
  --idle-seconds N  over which idle processor time is taken (60)
  --markdown FILE   write the results there, too
`;

/** Latency at the 99th percentile needs so many writes at least; divided among the rounds. */
export const writes = 300;

/** Reads the arguments; undefined when help was asked for. Throws an Error that says what is wrong. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: peerKeys.join(',') },
      sizes: { type: 'string', default: '10000,100000' },
      large: { type: 'boolean', default: false },
      parts: { type: 'string', default: parts.join(',') },
      seeds: { type: 'string', default: '1,2,3' },
      rounds: { type: 'string', default: '5' },
      'idle-seconds': { type: 'string', default: '60' },
      markdown: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const [rounds = 0] = numbers('rounds', values.rounds);
  const [idleSeconds = 0] = numbers('idle-seconds', values['idle-seconds']);
  const sizes = [...numbers('sizes', values.sizes), ...(values.large ? [500_000] : [])];
  const tooSmall = sizes.find((size) => size < writes * (peerKeys.length + 1));
  if (tooSmall !== undefined) throw new Error(`--sizes: ${tooSmall} files are too few to write each once`);
  return {
    peers: words('only', values.only, peerKeys),
    sizes,
    parts: new Set(words('parts', values.parts, parts)),
    seeds: numbers('seeds', values.seeds),
    rounds,
    idleSeconds,
    ...(values.markdown === undefined ? {} : { markdown: values.markdown }),
  };
}

function numbers(name: string, text: string): number[] {
  const given = text.split(',').map(Number);
  const wrong = given.some((number) => !Number.isInteger(number) || number <= 0);
  if (wrong) throw new Error(`--${name}: ${text} is no list of whole numbers above 0`);
  return given;
}
