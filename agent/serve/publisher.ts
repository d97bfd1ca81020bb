// Publishing with an idempotency key: the same key within five minutes is published once.
import { hash } from 'node:crypto';
import { type BroadcastAnswer, isNestedDeeper, limits } from '../../shared/index.ts';
import type { Broadcast, Hub, Wait } from '../hub/index.ts';
import type { Journal } from '../journal/index.ts';
import { ProblemError } from './problem.ts';
import { checkTopic } from './schemas.ts';

const keptMs = 5 * 60 * 1000;
/** What is in the way is gone in moments. */
const retrySeconds = 1;

/** What somebody wants to say to everyone. */
export interface Publication {
  readonly topic: string | undefined;
  readonly data: unknown;
  readonly from: string;
  readonly key: string | undefined;
  /** Given to be answered when no client lags. */
  readonly wait?: Wait | undefined;
  /** Gives the journal that the answer's cursor is of; by default that of the default view. */
  readonly journal?: (() => Journal) | undefined;
}

interface Published {
  readonly broadcast: Broadcast;
  readonly untilMs: number;
}

/** The one way by which messages enter the journal. */
export class Publisher {
  private readonly hub: Hub;
  /** By what stands for the key, in the order of publishing. */
  private readonly byKey = new Map<string, Published>();
  private readonly nowMs: () => number;
  private readonly published: (topic: string, data: unknown) => void;

  /**
   * @param nowMs a clock that only goes forward
   * @param published told of each message once it is on its way
   */
  constructor(
    hub: Hub,
    nowMs: () => number = () => performance.now(),
    published: (topic: string, data: unknown) => void = () => {},
  ) {
    this.hub = hub;
    this.nowMs = nowMs;
    this.published = published;
  }

  /**
   * Publishes a message, unless its key was published lately; then the answer is about that message, as things are
   * with it now.
   * @throws ProblemError 400 for a topic that nobody may publish to and for data that is nested too deeply, 503
   *   `too_many_waiters`, `too_many_keys` or `too_many_messages` when a limit is reached; nothing is published then
   */
  publish({ topic = 'message', data, from, key, wait, journal }: Publication): Promise<BroadcastAnswer> {
    checkTopic(topic);
    if (isNestedDeeper(data, limits.dataDepth)) {
      throw new ProblemError(
        400,
        'data_too_deep',
        `the data may have ${limits.dataDepth} levels of arrays and objects inside one another, and has more: send it as text`,
      );
    }
    if (wait !== undefined && !this.hub.broadcasts.hasRoom) {
      throw new ProblemError(
        503,
        'too_many_waiters',
        `${limits.waiters} broadcasts wait already: send it without "wait", or later`,
        retryAfter(retrySeconds),
      );
    }
    const nowMs = this.nowMs();
    this.forgetBefore(nowMs);
    const id = key === undefined ? undefined : hash('sha256', Buffer.from(key, 'utf16le'), 'base64');
    const known = id === undefined ? undefined : this.byKey.get(id)?.broadcast;
    if (known !== undefined) return this.hub.broadcasts.answer(known, wait, journal);
    if (id !== undefined) this.checkRoomForKey(nowMs);
    if (!this.hub.hasRoomForMessage) {
      throw new ProblemError(
        503,
        'too_many_messages',
        'a large batch of changes is being written, and too many messages wait behind it: send it again',
        retryAfter(retrySeconds),
      );
    }
    const broadcast = this.hub.publish({ topic, from, data }, id !== undefined);
    if (id !== undefined) this.byKey.set(id, { broadcast, untilMs: nowMs + keptMs });
    const answer = this.hub.broadcasts.answer(broadcast, wait, journal);
    this.published(topic, data);
    return answer;
  }

  private forgetBefore(nowMs: number): void {
    // In the order of publishing, so the first that is still valid ends the search.
    for (const [old, { untilMs }] of this.byKey) {
      if (untilMs > nowMs) break;
      this.byKey.delete(old);
    }
  }

  /** To forget a key early could publish a message twice, which its sender relies on not to happen. */
  private checkRoomForKey(nowMs: number): void {
    if (this.byKey.size < limits.messageKeys) return;
    const [first] = this.byKey.values();
    const freeInMs = (first?.untilMs ?? nowMs) - nowMs;
    throw new ProblemError(
      503,
      'too_many_keys',
      `${limits.messageKeys} keys of the last five minutes are remembered, and no more can be: send it without a key, or later`,
      retryAfter(Math.ceil(freeInMs / 1000)),
    );
  }
}

/** When a refused publisher may try again. */
function retryAfter(seconds: number): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: { 'retry-after': String(seconds) } };
}
