// What a WebSocket client sends: publish, sync, subscribe. What can't be understood is answered with an
// error; the twentieth such message ends the connection. Each gets one answer, and a client that asks faster than it
// can be answered is read no further for a while.
import { type FilterSpec, limits, type ServerFrame } from '../../shared/index.ts';
import type { Client, Filter } from '../hub/index.ts';
import type { Services } from './context.ts';
import { ProblemError } from './problem.ts';
import { clientFrame, parseValue } from './schemas.ts';
import { compileFilter } from './stream-request.ts';
import { syncAll } from './sync.ts';
import { holdView } from './views.ts';

const syncTimeoutMs = 10_000;
/**
 * Requests of one connection that may wait for their answers before no more of it is read. What was read with the last
 * of them is still taken: 64 KiB, some 2,000 of the shortest.
 */
const mostOpen = 1_000;
/** From here on more is read: a round of its own for every few would cost more than the waiting. */
const fewOpen = mostOpen / 2;

type RequestId = number | string;

/** The incoming side of a connection. */
export interface Inflow {
  pause(): void;
  resume(): void;
}

/** Takes one client's messages. */
export class ClientMessages {
  private readonly client: Client;
  private readonly services: Services;
  private readonly inflow: Inflow;
  /** Those without an answer so far. */
  private open = 0;
  private paused = false;
  private bad = 0;
  private readonly gone = new AbortController();
  /** The `subscribe` that is being served, if any, and those that wait behind it. */
  private subscribing: Promise<void> | undefined;

  constructor(client: Client, services: Services, inflow: Inflow) {
    this.client = client;
    this.services = services;
    this.inflow = inflow;
  }

  /** Takes one message. Never throws: whatever is wrong is told to the client. */
  take(data: Buffer, isBinary: boolean): void {
    this.open += 1;
    if (this.open >= mostOpen && !this.paused) {
      this.paused = true;
      this.inflow.pause();
    }
    let value: unknown;
    try {
      if (isBinary) throw new ProblemError(400, 'binary_message', 'messages are JSON, in text frames');
      value = parseJson(data);
      const frame = parseValue(clientFrame, value, 'bad_message');
      this.serve(frame).catch((error: unknown) => this.fail(frame.id, error));
    } catch (error) {
      this.fail(idOf(value), error);
      this.countBad();
    }
  }

  private async serve(frame: ReturnType<typeof clientFrame.parse>): Promise<void> {
    const { hub, publisher } = this.services;
    if (frame.type === 'publish') {
      const { topic, data, key } = frame;
      const from = this.client.name || this.client.id;
      const answer = await publisher.publish({
        topic,
        data,
        key,
        from,
        journal: () => hub.journalOf(this.client),
      });
      this.reply({ type: 'ack', id: frame.id, ...answer });
    } else if (frame.type === 'sync') {
      await syncAll(this.services, syncTimeoutMs);
      const journal = hub.journalOf(this.client);
      this.reply({ type: 'synced', id: frame.id, cursor: journal.cursor() }, journal.headSeq);
    } else {
      const { type: _type, id, ...spec } = frame;
      const filter = compileFilter(spec as FilterSpec, this.services.watcher);
      // One after the other: the last one is to hold in the end.
      const before = this.subscribing;
      const done =
        before === undefined ? this.subscribe(id, filter) : before.then(() => this.subscribe(id, filter));
      // What needs no waiting took effect before the next message is read.
      if (done === undefined) return;
      const settled = done
        .catch(() => {})
        .then(() => {
          if (this.subscribing === settled) this.subscribing = undefined;
        });
      this.subscribing = settled;
      await done;
    }
  }

  /** @returns when it has taken effect; undefined if it has already */
  private subscribe(id: RequestId, filter: Filter): Promise<void> | undefined {
    const { hub, watcher } = this.services;
    const held = filter.takesFiles ? holdView(watcher, filter.spec, this.gone.signal) : undefined;
    const move = { filter, ack: { type: 'ack', id }, sent: this.answered } as const;
    if (held === undefined) return hub.resubscribe(this.client, { ...move, hold: undefined });
    return held.then((hold) => hub.resubscribe(this.client, { ...move, hold }));
  }

  /** The client is gone: what it waits for is not needed any more. */
  end(): void {
    this.gone.abort();
  }

  private reply(frame: ServerFrame, afterSeq?: number): void {
    const { hub } = this.services;
    hub.reply(this.client, frame, { sent: this.answered, ...(afterSeq === undefined ? {} : { afterSeq }) });
  }

  private readonly answered = (): void => {
    this.open -= 1;
    if (!this.paused || this.open > fewOpen) return;
    this.paused = false;
    this.inflow.resume();
  };

  private fail(id: RequestId | undefined, error: unknown): void {
    // Nobody is there any more to be answered.
    if (this.gone.signal.aborted) return;
    const problem =
      error instanceof ProblemError
        ? error
        : new ProblemError(500, 'internal', 'the agent failed at this message');
    if (problem.status === 500) this.services.log.error('message failed', { client: this.client.id, error });
    const frame: ServerFrame = { type: 'error', code: problem.code, detail: problem.message };
    this.reply(id === undefined ? frame : { ...frame, id });
  }

  private countBad(): void {
    this.bad += 1;
    if (this.bad === limits.badMessages) this.client.outlet.close(1008, 'too many bad messages');
  }
}

function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch (error) {
    throw new ProblemError(400, 'bad_json', `the message is not JSON: ${(error as Error).message}`);
  }
}

/** The id of a message that is wrong otherwise, so that its sender can tell which one it was. */
function idOf(value: unknown): RequestId | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  return typeof value.id === 'number' || typeof value.id === 'string' ? value.id : undefined;
}
