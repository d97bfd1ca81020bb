// A million random operations, and worse, against a running agent: what its events tell is compared with
// what is on disk, again and again. `npm run soak -- --help` says how.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { elsewhere } from './namespace.ts';
import { Soak } from './soak.ts';
import { possible, specials } from './specials.ts';

/** How often a run says how far it is. */
const progressMs = 10_000;
/** What a shell expects of one that was interrupted. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

const help = `npm run soak -- [flags], after a build: random operations and calamities, and what comes of them

  --ops N           how many small operations (1,000,000)
  --seed N          where the random numbers begin (anywhere; it is printed)
  --minutes M       when to end, however much is done (60)
  --stop            end at the first disagreement
  --backend NAME    directories, recursive, chokidar or polling (directories)
  --only NAME,...   these kinds of calamities alone
  --dist DIR        the built agent (dist)

Bounds on what the agent may take of the machine; what is beyond is a disagreement:
  --resident-mb N   resident memory at any time (500)
  --growth-mb N     how much more of it late in an agent's life than early, large trees included (120)
  --descriptors N   open descriptors beyond those of the beginning (12)
  --loop-ms N       how long a request may go unanswered while nothing holds the agent up (250)

Kinds of calamities:
${specials.map(({ name }) => `  ${name}\n`).join('')}
What mounts file systems and lowers limits is done in a user namespace, and left out where there is none.
`;

function numberOf(text: string, flag: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${flag} ${text}: give a number`);
  return value;
}

function chosen(only: string | undefined) {
  const { specials: all, missing } = possible();
  if (only === undefined) return { specials: all, missing };
  const names = only.split(',');
  for (const name of names) {
    if (missing.includes(name)) throw new Error(`--only ${name}: not possible here`);
    if (!all.some((special) => special.name === name)) throw new Error(`--only ${name}: see --help`);
  }
  return { specials: all.filter(({ name }) => names.includes(name)), missing: [] };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      ops: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      minutes: { type: 'string', default: '60' },
      stop: { type: 'boolean', default: false },
      backend: { type: 'string', default: 'directories' },
      only: { type: 'string' },
      dist: { type: 'string', default: fileURLToPath(new URL('../../dist/', import.meta.url)) },
      'resident-mb': { type: 'string', default: '500' },
      'growth-mb': { type: 'string', default: '120' },
      descriptors: { type: 'string', default: '12' },
      'loop-ms': { type: 'string', default: '250' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const code = await elsewhere();
  if (code !== undefined) {
    process.exitCode = code;
    return;
  }
  const { specials: wanted, missing } = chosen(values.only);
  const seed = numberOf(values.seed, 'seed');
  const soak = new Soak({
    operations: numberOf(values.ops, 'ops'),
    seed,
    minutes: numberOf(values.minutes, 'minutes'),
    backend: values.backend,
    agentd: join(values.dist, 'agentd.js'),
    specials: wanted,
    bounds: {
      residentMB: numberOf(values['resident-mb'], 'resident-mb'),
      growthMB: numberOf(values['growth-mb'], 'growth-mb'),
      descriptors: numberOf(values.descriptors, 'descriptors'),
      loopMs: numberOf(values['loop-ms'], 'loop-ms'),
    },
    stop: values.stop,
    report: (text) => void process.stderr.write(text),
  });
  const summary = (): string => soak.tally.summary(seed, soak.vitals.worst);
  process.on('exit', () => soak.abandon());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => process.exit(exitCodes[signal]));
  }
  const progress = setInterval(() => process.stderr.write(`${summary()}\n`), progressMs);
  try {
    await soak.run();
  } catch (error) {
    process.exitCode = 1;
    const where = `seed ${seed}, operation ${soak.tally.operations}, after ${soak.after}`;
    process.stderr.write(`${where}: ${(error as Error).stack}\n`);
  } finally {
    soak.abandon();
  }
  clearInterval(progress);
  if (missing.length > 0) process.stdout.write(`not possible here: ${missing.join(', ')}\n`);
  process.stdout.write(`${summary()}\n`);
  if (!soak.tally.clean) process.exitCode = 1;
}

await main();
