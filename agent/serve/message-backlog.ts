// The messages that the journal still holds of those since a position.
import { type MessageEvent, SliceClock } from '../../shared/index.ts';
import type { Journal } from '../journal/index.ts';

/** Of messages in one answer, as JSON. Whoever wants more follows the stream. */
const mostBytes = 1024 * 1024;
/** Reading is interrupted after so long, that others get their turn. */
const sliceMs = 5;
/** What an event costs, in steps (SliceClock): a µs for a look, and what parsing a kilobyte takes. */
const lookSteps = 400;
const stepsPerKilobyte = 1000;

/** Events are encoded with their type first. */
const messageStart = Buffer.from('{"type":"message",');

/** Messages as JSON, the oldest first, and whether these are all. */
export interface MessageBacklog {
  readonly messages: readonly Buffer[];
  readonly isComplete: boolean;
}

/**
 * The messages after event `seq`, up to event `untilSeq`; where they are too many, the newest.
 * @param takes which topics are wanted
 * @param isWanted asked now and then: if not, whatever this gives is dropped
 */
export async function messagesSince(
  journal: Journal,
  seq: number,
  untilSeq: number,
  takes: (topic: string) => boolean,
  isWanted: () => boolean,
): Promise<MessageBacklog> {
  const messages: Buffer[] = [];
  const clock = new SliceClock(sliceMs);
  let bytes = 0;
  let at = untilSeq;
  // The journal may move on meanwhile.
  for (; at > seq && at >= journal.oldestSeq && isWanted(); at--) {
    const payload = journal.payload(at);
    let steps = lookSteps;
    if (payload.subarray(0, messageStart.length).equals(messageStart)) {
      steps += (stepsPerKilobyte * payload.length) / 1024;
      const { topic } = JSON.parse(payload.toString('utf8')) as MessageEvent;
      if (takes(topic)) {
        bytes += payload.length;
        if (bytes > mostBytes) break;
        messages.push(Buffer.from(payload));
      }
    }
    if (clock.spend(steps)) await clock.pause();
  }
  return { messages: messages.reverse(), isComplete: at <= seq };
}
