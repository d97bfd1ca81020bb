// A million random operations, and worse, against a running agent: what its events tell is compared with
// what is on disk, again and again.
//
// Run after a build: npm run soak -- [--ops N] [--seed N] [--minutes M] [--stop]
//   [--backend directories|chokidar|polling] [--only CALAMITY] [--dist DIR]
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Soak } from './soak.ts';
import { specials } from './specials.ts';

/** How often a run says how far it is. */
const progressMs = 10_000;
/** What a shell expects of one that was interrupted. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

function numberOf(text: string, flag: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${flag} ${text}: give a number`);
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ops: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      minutes: { type: 'string', default: '60' },
      backend: { type: 'string', default: 'directories' },
      dist: { type: 'string', default: fileURLToPath(new URL('../../dist/', import.meta.url)) },
      only: { type: 'string' },
      stop: { type: 'boolean', default: false },
    },
  });
  const names = specials.map(({ name }) => name);
  if (values.only !== undefined && !names.includes(values.only)) {
    throw new Error(`--only ${values.only}: name one of ${names.join(', ')}`);
  }
  const seed = numberOf(values.seed, 'seed');
  const soak = new Soak({
    operations: numberOf(values.ops, 'ops'),
    seed,
    minutes: numberOf(values.minutes, 'minutes'),
    backend: values.backend,
    agentd: join(values.dist, 'agentd.js'),
    only: values.only,
    stop: values.stop,
    report: (text) => void process.stderr.write(text),
  });
  process.on('exit', () => soak.abandon());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => process.exit(exitCodes[signal]));
  }
  const progress = setInterval(() => process.stderr.write(`${soak.tally.summary(seed)}\n`), progressMs);
  try {
    await soak.run();
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`seed ${seed}, operation ${soak.tally.operations}: ${(error as Error).stack}\n`);
  } finally {
    soak.abandon();
  }
  clearInterval(progress);
  process.stdout.write(`${soak.tally.summary(seed)}\n`);
  if (!soak.tally.clean) process.exitCode = 1;
}

await main();
