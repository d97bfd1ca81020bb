// The comparison of what the events told with what is on disk, and the account of a disagreement.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TreeModel } from '../../test/support/model.ts';
import type { Agent } from './agent.ts';
import type { Follower } from './follower.ts';
import type { History } from './history.ts';
import { rulesName, type Truth } from './truth.ts';

/**
 * What is counted. `silent` is what nobody was told while nothing happened any more and nobody asked; `out of order`
 * every breach of the laws of events and cursors; an `audit finding` what the agent itself found that no hint had
 * told; `over bounds` what the agent took of the machine beyond what it may.
 */
export type Fault =
  | 'missing'
  | 'ghost'
  | 'silent'
  | 'stale'
  | 'out of order'
  | 'audit finding'
  | 'over bounds';

/** One thing that is not as the events tell it. */
export interface Disagreement {
  readonly fault: Fault;
  readonly root: string;
  /** Of a path, `missing n0/n1`; of a law, what was against it. */
  readonly text: string;
  /** Relative to the root, where the fault is one of a path. */
  readonly path: string | undefined;
}

/** How many paths, and how many operations on each, an account names. */
const told = { paths: 10, histories: 4, operations: 12 };
/** So much later a change that is merely late has come. */
const latestMs = 2000;
/** Nothing came for as long as this: what there was to tell may all be told. */
const quietMs = 200;
/**
 * And it must be as long after that. The agent looks every second whether a root is there, and crawls what it doubts
 * within one more; a tree that is polled is crawled for a tenth of the time.
 */
const untoldMs = 15_000;
const untoldPollMs = 250;

/** What is compared with what. */
export interface Parties {
  readonly agent: Agent;
  readonly follower: Follower;
  readonly truth: Truth;
}

function differences({ follower, truth }: Parties): Disagreement[] {
  return [...follower.models].flatMap(([root, model]) =>
    model.differences(root, truth.read(root)).map((text) => {
      const blank = text.indexOf(' ');
      return { fault: text.slice(0, blank) as Fault, root, text, path: text.slice(blank + 1) };
    }),
  );
}

/**
 * Compares all roots without asking for anything: what is on disk has to come by itself. Nothing must be changing
 * there.
 */
export async function compareUntold(parties: Parties): Promise<Disagreement[]> {
  const { agent, follower } = parties;
  const endMs = performance.now() + untoldMs;
  for (;;) {
    const late = performance.now() > endMs;
    await delay(Math.max(0, quietMs - follower.quietMs));
    if (follower.quietMs < quietMs && !late) continue;
    agent.assertAlive();
    // A gap is no silence.
    if (follower.broken) return [];
    const found = differences(parties);
    if (found.length === 0) return [];
    if (late) return found.map((one) => ({ ...one, fault: 'silent', text: `silent, ${one.text}` }));
    await delay(untoldPollMs);
  }
}

/** Compares all roots by what is told up to a cursor, and asks the agent for nothing. */
export async function compareAt(parties: Parties, cursor: string): Promise<Disagreement[]> {
  return (await parties.follower.caughtUp(cursor)) ? differences(parties) : [];
}

/** Compares all roots at the barrier; nothing must be changing on disk. */
export async function compare(parties: Parties): Promise<Disagreement[]> {
  const { agent, follower } = parties;
  const whole = await follower.caughtUp(await agent.sync());
  const found = follower.takeFaults().map(([root, text]): Disagreement => {
    return { fault: 'out of order', root, text, path: undefined };
  });
  // A gap that the agent told of, and that the journal's limit explains, is no disagreement.
  if (!whole) await follower.begin([...follower.models.keys()]);
  for (const { path: root, auditFindings } of await agent.status()) {
    const text = `audit finding ${auditFindings}`;
    if (auditFindings > 0) found.push({ fault: 'audit finding', root, text, path: undefined });
  }
  found.push(...differences(parties));
  return found;
}

/** What the files of rules say that may leave a path out. */
function rulesAbove(root: string, path: string): string[] {
  return path.split('/').flatMap((_name, depth, names) => {
    const directory = names.slice(0, depth).join('/');
    try {
      return `  rules in "${directory}": ${JSON.stringify(readFileSync(join(root, directory, rulesName), 'utf8'))}`;
    } catch {
      // None, or no file.
      return [];
    }
  });
}

/** What the audit found last in a root, by the agent's own words. */
function auditedPath({ lastWords }: Agent, root: string): string | undefined {
  const words = lastWords
    .split('\n')
    .findLast((line) => line.includes(`audit found`) && line.includes(`root=${root} `));
  return words === undefined ? undefined : / path="?([^"]*)/.exec(words)?.[1];
}

/** Says of a disagreement all that can be found out at once, as text of some lines. */
export async function account(
  found: readonly Disagreement[],
  parties: Parties,
  history: History,
): Promise<string> {
  const { agent, follower, truth } = parties;
  const lines: string[] = [];
  for (const { root, text, path } of found.slice(0, told.paths)) {
    const known = path === undefined ? undefined : follower.models.get(root)?.entries.get(path);
    lines.push(`  ${root}: ${text}${known === undefined ? '' : ` (told: ${JSON.stringify(known)})`}`);
  }
  if (found.length > told.paths) lines.push(`  and ${found.length - told.paths} more`);
  for (const { root, text, path } of found.slice(0, told.histories)) {
    const word = path ?? /(?:known|unknown|of) (\S+)/.exec(text)?.[1] ?? auditedPath(agent, root);
    if (word === undefined) continue;
    lines.push(...rulesAbove(root, word));
    lines.push(`  last operations on ${word}:`);
    lines.push(...history.about(`${root}/${word}`, told.operations).map((line) => `    ${line}`));
  }
  lines.push(`  status: ${JSON.stringify(await agent.status())}`);
  for (const root of follower.models.keys()) {
    const model = TreeModel.ofRecords((await agent.files(root)).records);
    const wrong = model.differences(root, truth.read(root)).length;
    if (wrong > 0) lines.push(`  the index of ${root} differs from the disk in ${wrong}`);
  }
  await delay(latestMs);
  const later = await compare(parties);
  lines.push(`  ${latestMs} ms and a barrier later: ${later.length} differences`);
  lines.push(`  last words: ${agent.lastWords}`);
  return `${lines.join('\n')}\n`;
}
