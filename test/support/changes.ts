// What `GET /v1/changes` answers, and what that is to be held against.
import type { ChangesAnswer, FileRecord, NetChange } from '../../shared/index.ts';
import type { TestAgent } from './agent.ts';

/** The answer to `/v1/changes` with these parameters. */
export async function changesOf(agent: TestAgent, query = ''): Promise<ChangesAnswer> {
  const answer = await agent.request(`/v1/changes?${query}`);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.json<ChangesAnswer>();
}

/** Changes as `EVENT PATH`. */
export const brief = (changes: readonly NetChange[]): string[] =>
  changes.map(({ event, path }) => `${event} ${path}`);

/** By the bytes of its path, what is known of each entry of a root. */
export type Listing = Map<string, string>;

const keyOf = ({ path, pathBytes }: { path: string; pathBytes?: string }): string => pathBytes ?? path;
const contentOf = ({ kind, size, mtime }: Partial<FileRecord>): string =>
  kind === 'dir' ? 'dir' : `${kind} ${size} ${mtime}`;

/** What the agent has of a root, and the cursor of that. */
export async function listingOf(
  agent: TestAgent,
  root: string,
): Promise<{ cursor: string; listing: Listing }> {
  const { text } = await agent.request(`/v1/files?root=${encodeURIComponent(root)}`);
  const [first = '', ...lines] = text.trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line) as FileRecord);
  const { cursor } = JSON.parse(first) as { cursor: string };
  return { cursor, listing: new Map(records.map((record) => [keyOf(record), contentOf(record)])) };
}

/**
 * Applies changes to a listing, which stays as it is.
 * @throws Error for one that can't have happened to it
 */
export function applied(listing: Listing, changes: readonly NetChange[]): Listing {
  const result = new Map(listing);
  for (const change of changes) {
    const key = keyOf(change);
    const comes = change.event === 'add' || change.event === 'addDir';
    if (result.has(key) === comes) throw new Error(`${change.event} ${change.path} is impossible`);
    if (change.event === 'unlink' || change.event === 'unlinkDir') result.delete(key);
    else result.set(key, contentOf(change));
  }
  return result;
}
