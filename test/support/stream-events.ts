// Events of streams as tests look at them, read to an end that they set themselves.
import {
  type FileEvent,
  type JournalEvent,
  parseCursor,
  type ServerFrame,
  type Transport,
} from '../../shared/index.ts';
import type { TestAgent } from './agent.ts';
import type { TestStream } from './stream.ts';

/** All of them. */
export const transports: readonly Transport[] = ['ws', 'sse', 'ndjson'];

/** The number of an event. */
export function seqOf({ cursor }: { cursor: string }): number {
  return parseCursor(cursor)?.seq ?? Number.NaN;
}

/** The numbers from the one to the other, both included. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Whether a frame is an event of the journal. */
export function isEvent(frame: ServerFrame): frame is JournalEvent {
  return frame.type === 'file' || frame.type === 'message' || frame.type === 'gap';
}

let ends = 0;

/** Publishes a last message, waits until it has come, and returns every event before it. */
export async function eventsUntilEnd(
  agent: TestAgent,
  stream: TestStream,
  topic = 'message',
): Promise<JournalEvent[]> {
  const end = `end ${++ends}`;
  await agent.broadcast(end, topic);
  await stream.waitFor(`"${end}"`);
  return stream.events.filter((event) => event.type !== 'message' || event.data !== end);
}

/** Waits for the barrier, then for the end; `EVENT PATH` of every change before it. */
export async function changesUntilEnd(agent: TestAgent, stream: TestStream): Promise<string[]> {
  await agent.sync();
  const events = await eventsUntilEnd(agent, stream);
  return events
    .filter((event): event is FileEvent => event.type === 'file')
    .flatMap(({ changes }) => changes.map(({ event, path }) => `${event} ${path}`));
}
