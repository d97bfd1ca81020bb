// The comparison of what the events told with what is on disk, and the account of a disagreement.
import { setTimeout as delay } from 'node:timers/promises';
import { TreeModel } from '../../test/support/model.ts';
import type { Agent } from './agent.ts';
import type { Follower } from './follower.ts';
import type { History } from './history.ts';

/**
 * What is counted. `out of order` is every breach of the laws of events and cursors; an `audit finding` is
 * what the agent itself found that no hint had told.
 */
export type Fault = 'missing' | 'ghost' | 'stale' | 'out of order' | 'audit finding';

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

function differences(root: string, model: TreeModel): Disagreement[] {
  return model.differences(root).map((text) => {
    const blank = text.indexOf(' ');
    return { fault: text.slice(0, blank) as Fault, root, text, path: text.slice(blank + 1) };
  });
}

/** Compares all roots; nothing must be changing on disk. */
export async function compare(
  agent: Agent,
  follower: Follower,
  roots: readonly string[],
): Promise<Disagreement[]> {
  const whole = await follower.caughtUp(await agent.sync());
  const found = follower.takeFaults().map(([root, text]): Disagreement => {
    return { fault: 'out of order', root, text, path: undefined };
  });
  // A gap that the agent told of, and that the journal's limit explains, is no disagreement.
  if (!whole) await follower.begin(roots);
  for (const { path: root, auditFindings } of await agent.status()) {
    const text = `audit finding ${auditFindings}`;
    if (auditFindings > 0) found.push({ fault: 'audit finding', root, text, path: undefined });
  }
  for (const [root, model] of follower.models) found.push(...differences(root, model));
  return found;
}

/** Says of a disagreement all that can be found out at once, as text of some lines. */
export async function account(
  found: readonly Disagreement[],
  agent: Agent,
  follower: Follower,
  history: History,
): Promise<string> {
  const lines: string[] = [];
  for (const { root, text, path } of found.slice(0, told.paths)) {
    const known = path === undefined ? undefined : follower.models.get(root)?.entries.get(path);
    lines.push(`  ${root}: ${text}${known === undefined ? '' : ` (told: ${JSON.stringify(known)})`}`);
  }
  if (found.length > told.paths) lines.push(`  and ${found.length - told.paths} more`);
  for (const { root, text, path } of found.slice(0, told.histories)) {
    const word = path ?? /(?:known|unknown|of) (\S+)/.exec(text)?.[1];
    if (word === undefined) continue;
    lines.push(`  last operations on ${word}:`);
    lines.push(...history.about(`${root}/${word}`, told.operations).map((line) => `    ${line}`));
  }
  lines.push(`  status: ${JSON.stringify(await agent.status())}`);
  for (const root of follower.models.keys()) {
    const model = TreeModel.ofRecords((await agent.files(root)).records);
    lines.push(`  the index of ${root} differs from the disk in ${model.differences(root).length}`);
  }
  await delay(latestMs);
  const later = await compare(agent, follower, [...follower.models.keys()]);
  lines.push(`  ${latestMs} ms and a barrier later: ${later.length} differences`);
  lines.push(`  last words: ${agent.lastWords}`);
  return `${lines.join('\n')}\n`;
}
