// Publishing with an idempotency key: the same key within five minutes is published once.
import { type BroadcastAnswer, isNestedDeeper, limits } from '../../shared/index.ts';
import type { Hub } from '../hub/index.ts';
import { ProblemError } from './problem.ts';
import { checkTopic } from './schemas.ts';

const keptMs = 5 * 60 * 1000;
/** With the longest keys some 10 MiB; beyond it the oldest are forgotten early. */
const mostKeys = 10_000;

/** What somebody wants to say to everyone. */
export interface Publication {
  readonly topic: string | undefined;
  readonly data: unknown;
  readonly from: string;
  readonly key: string | undefined;
  readonly waitMs: number | undefined;
}

interface Published {
  readonly answer: Promise<BroadcastAnswer>;
  readonly untilMs: number;
}

/** The one way by which messages enter the journal. */
export class Publisher {
  private readonly hub: Hub;
  private readonly byKey = new Map<string, Published>();
  private readonly nowMs: () => number;
  private readonly published: (topic: string, data: unknown) => void;

  /** @param published told of each message once it is in the journal */
  constructor(
    hub: Hub,
    nowMs: () => number = Date.now,
    published: (topic: string, data: unknown) => void = () => {},
  ) {
    this.hub = hub;
    this.nowMs = nowMs;
    this.published = published;
  }

  /**
   * Publishes a message, unless its key was published lately; then the answer is the same as then.
   * @throws ProblemError 400 for a topic that nobody may publish to, and for data that is nested too deeply
   */
  publish({ topic = 'message', data, from, key, waitMs }: Publication): Promise<BroadcastAnswer> {
    checkTopic(topic);
    const known = key === undefined ? undefined : this.recall(key);
    if (known !== undefined) return known;
    if (isNestedDeeper(data, limits.dataDepth)) {
      throw new ProblemError(
        400,
        'data_too_deep',
        `the data may have ${limits.dataDepth} levels of arrays and objects inside one another, and has more: send it as text`,
      );
    }
    const answer = this.hub.publish({ topic, from, data }, waitMs);
    this.published(topic, data);
    if (key !== undefined) this.byKey.set(key, { answer, untilMs: this.nowMs() + keptMs });
    return answer;
  }

  private recall(key: string): Promise<BroadcastAnswer> | undefined {
    const nowMs = this.nowMs();
    // In the order of publishing, so the first that is still valid ends the search.
    for (const [old, { untilMs }] of this.byKey) {
      if (untilMs > nowMs && this.byKey.size < mostKeys) break;
      this.byKey.delete(old);
    }
    return this.byKey.get(key)?.answer;
  }
}
