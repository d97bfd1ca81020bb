// `GET /v1/changes`: what is different from what it was at a cursor, from the index and not by replay.
import {
  type Change,
  type ChangesAnswer,
  type Cursor,
  type FilterSpec,
  formatCursor,
  type IncompleteReason,
  type NetChange,
  SliceClock,
} from '../../shared/index.ts';
import { Filter } from '../hub/index.ts';
import type { AnswerBody } from './answers.ts';
import { whenClosed } from './connection-end.ts';
import type { Exchange, Services } from './context.ts';
import { type MessageBacklog, messagesSince } from './message-backlog.ts';
import { type ChangesQuery, changesQuery, parseQuery } from './schemas.ts';
import { compileFilter } from './stream-request.ts';
import { defaultSyncTimeoutMs, syncAll } from './sync.ts';

const defaultLimit = 10_000;
/** Looking at entries is interrupted after so long, that others get their turn: globs may be slow. */
const sliceMs = 5;
/** What some dozens of entries cost beside their globs, in steps (SliceClock): 50 µs or so. */
const entriesSteps = 20_000;
/** Changes in a piece of the answer: what is written as JSON in one go. */
const changesPerPiece = 500;

/** The difference of the default view, as of one moment. */
interface Difference {
  readonly head: Cursor;
  readonly reason: IncompleteReason | null;
  readonly changes: readonly NetChange[];
  readonly total: number;
}

/** Answers with the net difference since a cursor; a named one moves once the answer has been handed over whole. */
export async function listChanges(exchange: Exchange): Promise<void> {
  const { services, request, response, query } = exchange;
  const wish = parseQuery(changesQuery, query);
  const { root, match, ignore } = wish;
  const filter = compileFilter({ root, match, ignore } as FilterSpec, services.watcher);
  const { since } = wish;
  if (since === undefined || !('name' in since)) {
    await answer(exchange, wish, filter, since);
    return;
  }
  const { name } = since;
  const { cursors } = services;
  await services.cursorTurns.run(name, async () => {
    let isWhole = false;
    response.once('finish', () => {
      isWhole = true;
    });
    const head = await answer(exchange, wish, filter, cursors.get(name) ?? 'new');
    const leaves = wish.peek === '1' || request.method === 'HEAD';
    if (head !== undefined && isWhole && !leaves) cursors.set(name, head);
  });
}

/**
 * Makes the answer and sends it.
 * @returns the cursor in it; undefined if nobody waited for it
 */
async function answer(
  { services, response }: Exchange,
  wish: ChangesQuery,
  filter: Filter,
  since: Cursor | 'new' | undefined,
): Promise<Cursor | undefined> {
  let head: Cursor | undefined;
  await services.changes.send(response, {
    contentType: 'application/json',
    make: async (isWanted) => {
      if (wish.sync !== '0') {
        const { timeout = defaultSyncTimeoutMs } = wish;
        await syncAll(services, timeout, whenClosed(response), filter.spec.root);
      }
      const difference = await differenceSince(services, since, filter, wish.limit ?? defaultLimit, isWanted);
      head = difference.head;
      const backlog = await backlogOf(services, since, head, wish.topic, isWanted);
      return isWanted() ? bodyOf(since, difference, backlog) : { pieces: [] };
    },
  });
  return head;
}

/**
 * The cursor of now, to begin with: what is asked for since then can be told.
 * @param root as for `withClocks`
 */
export async function positionOfNow(services: Services, root?: string): Promise<Cursor> {
  const { head } = await differenceSince(
    services,
    undefined,
    new Filter(root === undefined ? {} : { root }),
    0,
    () => true,
  );
  return head;
}

async function differenceSince(
  services: Services,
  since: Cursor | 'new' | undefined,
  filter: Filter,
  limit: number,
  isWanted: () => boolean,
): Promise<Difference> {
  const { watcher, journal, hub } = services;
  for (;;) {
    let seenSeq = 0;
    const difference = await watcher.withClocks(filter.spec.root, async (clocks, sinceSeq) => {
      const head = journal.position();
      seenSeq = head.seq;
      // The newest event was before a root came or went, so its cursor can't be told from one that knows nothing of it.
      if (Math.max(sinceSeq, ...[...clocks.values()].map((clock) => clock.since)) > head.seq)
        return undefined;
      const none = { head, changes: [], total: 0 };
      if (since === undefined) return { ...none, reason: null };
      if (since === 'new') return { ...none, reason: since };
      if (since.epoch !== head.epoch || since.seq > head.seq) return { ...none, reason: 'epoch' as const };
      const isKnown =
        since.seq >= sinceSeq && [...clocks.values()].every((clock) => clock.reaches(since.seq));
      if (!isKnown) return { ...none, reason: 'expired' as const };
      const work = new SliceClock(sliceMs);
      const changes: NetChange[] = [];
      let total = 0;
      for (const [root, clock] of clocks) {
        const found: Change[] = [];
        const takes = (path: string): boolean => {
          work.spend(filter.stepsFor(path));
          return filter.takesPath(path);
        };
        for (const _step of clock.collect(since.seq, found, takes)) {
          if (work.spend(entriesSteps)) await work.pause();
          if (!isWanted()) return none;
        }
        total += found.length;
        for (const change of found.slice(0, limit - changes.length)) changes.push({ root, ...change });
      }
      return { head, changes, total, reason: total > limit ? ('limit' as const) : null };
    });
    if (difference !== undefined) return { reason: null, ...difference };
    const roots = { topic: 'agent.roots', from: 'agent', data: { roots: watcher.roots } };
    if (journal.headSeq === seenSeq) await hub.broadcasts.answer(hub.publish(roots));
  }
}

async function backlogOf(
  { journal }: Services,
  since: Cursor | 'new' | undefined,
  head: Cursor,
  topic: readonly string[] | undefined,
  isWanted: () => boolean,
): Promise<MessageBacklog> {
  if (topic === undefined || since === undefined) return { messages: [], isComplete: true };
  if (since === 'new' || since.epoch !== head.epoch || since.seq > head.seq) {
    return { messages: [], isComplete: false };
  }
  const topics = new Filter({ topic: [...topic] });
  return messagesSince(journal, since.seq, head.seq, (one) => topics.takesTopic(one), isWanted);
}

/** The answer as JSON, in pieces. */
function bodyOf(
  since: Cursor | 'new' | undefined,
  { head, reason, changes, total }: Difference,
  { messages, isComplete }: MessageBacklog,
): AnswerBody {
  const start: Pick<ChangesAnswer, 'since' | 'cursor' | 'complete' | 'reason'> = {
    since: since === undefined || since === 'new' ? null : formatCursor(since.epoch, since.seq),
    cursor: formatCursor(head.epoch, head.seq),
    complete: reason === null,
    reason,
  };
  const pieces = [`${JSON.stringify(start).slice(0, -1)},"changes":[`];
  for (let at = 0; at < changes.length; at += changesPerPiece) {
    const piece = JSON.stringify(changes.slice(at, at + changesPerPiece)).slice(1, -1);
    pieces.push(at === 0 ? piece : `,${piece}`);
  }
  pieces.push(`],"total":${total},"messages":[`);
  pieces.push(messages.join(','));
  pieces.push(`],"messagesComplete":${isComplete}}\n`);
  const [small, large] = [changes.length <= changesPerPiece, pieces.map((piece) => Buffer.from(piece))];
  return { pieces: small ? [Buffer.concat(large)] : large };
}
