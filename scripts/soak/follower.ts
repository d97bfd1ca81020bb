// The client: applies every event to a model a root, and holds the stream to its promises.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  type Cursor,
  type FileEvent,
  type JournalEvent,
  parseCursor,
  type ServerFrame,
} from '../../shared/index.ts';
import { TreeModel } from '../../test/support/model.ts';
import { until } from '../../test/support/wait.ts';
import type { Agent } from './agent.ts';

/** How long what is in the journal may take to get here before the run gives up. */
const giveUpMs = 120_000;

function parsed(cursor: string): Cursor {
  const position = parseCursor(cursor);
  if (position === undefined) throw new Error(`no cursor: ${cursor}`);
  return position;
}

/** Whether it has a place of its own in the journal. */
function isEvent(frame: ServerFrame): frame is JournalEvent {
  return frame.type === 'file' || frame.type === 'message' || frame.type === 'gap';
}

/** Follows one agent over any number of connections. */
export class Follower {
  readonly models = new Map<string, TreeModel>();
  /** Times that the agent told of hints lost. */
  recrawlGaps = 0;
  /** Times that this client fell too far behind, or came back too late, and began anew. */
  resets = 0;
  /** Whether a gap came that only a new beginning can mend. */
  broken = false;
  private readonly agent: Agent;
  private ws: WebSocket | undefined;
  private cursor = '';
  private seq = 0;
  /** By root, the position that its model began with. */
  private readonly beginnings = new Map<string, number>();
  /** By root, what came of it while its index was being read. */
  private readonly waiting = new Map<string, FileEvent[]>();
  private heardMs = 0;
  private faults: string[] = [];

  constructor(agent: Agent) {
    this.agent = agent;
  }

  /** How long nothing has come, in ms. */
  get quietMs(): number {
    return performance.now() - this.heardMs;
  }

  /** Takes the index for the truth, and follows from there; of other roots it forgets what it knew. */
  async begin(roots: readonly string[]): Promise<void> {
    this.disconnect();
    this.broken = false;
    this.models.clear();
    let first: string | undefined;
    for (const root of roots) {
      const { cursor, records } = await this.agent.files(root);
      // Read one after the other, so the first one's cursor is the oldest.
      first ??= cursor;
      this.models.set(root, TreeModel.ofRecords(records));
      this.beginnings.set(root, parsed(cursor).seq);
    }
    this.cursor = first ?? '';
    this.seq = parsed(this.cursor).seq;
    await this.resume();
  }

  /** Follows one root more, which the agent has begun to watch. */
  async add(root: string): Promise<void> {
    const waiting: FileEvent[] = [];
    this.waiting.set(root, waiting);
    const { cursor, records } = await this.agent.files(root);
    this.waiting.delete(root);
    this.models.set(root, TreeModel.ofRecords(records));
    this.beginnings.set(root, parsed(cursor).seq);
    for (const event of waiting) this.apply(event);
  }

  /** Follows a root no longer. */
  drop(root: string): void {
    this.models.delete(root);
  }

  /** Connects, to go on after the last event that came. */
  async resume(): Promise<void> {
    const ws = new WebSocket(`${this.agent.streamUrl}?since=${encodeURIComponent(this.cursor)}`);
    this.ws = ws;
    ws.on('message', (data) => {
      // What a connection that was given up still has to say comes again over the next one.
      if (ws === this.ws) this.take(JSON.parse(String(data)) as ServerFrame);
    });
    ws.on('error', () => {
      // Said by the wait below, or by the one for the next events.
    });
    const closed = once(ws, 'close');
    await Promise.race([once(ws, 'open'), closed]);
    if (ws.readyState !== WebSocket.OPEN) throw new Error(`no stream: ${this.agent.lastWords}`);
  }

  /** Breaks the connection off. */
  disconnect(): void {
    const { ws } = this;
    this.ws = undefined;
    ws?.terminate();
  }

  /**
   * Waits until everything up to the cursor has come.
   * @returns whether the models hold all of it; not so after a gap that only a new beginning can mend
   */
  async caughtUp(cursor: string): Promise<boolean> {
    const { seq } = parsed(cursor);
    await until(
      () => `events up to ${cursor}, have ${this.seq}`,
      () => {
        if (this.ws?.readyState !== WebSocket.OPEN) throw new Error(`cut off: ${this.agent.lastWords}`);
        return this.broken || this.seq >= seq;
      },
      giveUpMs,
    );
    return !this.broken;
  }

  /** What was against the laws since this was asked last, as `[root, what]`. */
  takeFaults(): [string, string][] {
    const found = this.faults.map((fault): [string, string] => ['', fault]);
    this.faults = [];
    for (const [root, { faults }] of this.models) {
      found.push(...faults.splice(0).map((fault): [string, string] => [root, fault]));
    }
    return found;
  }

  private take(frame: ServerFrame): void {
    if (frame.type === 'hello') {
      // Where it could not be resumed a gap follows and says so.
      if (frame.resumed && frame.cursor !== this.cursor) {
        this.faults.push(`resumed at ${frame.cursor}, not after ${this.cursor}`);
      }
      return;
    }
    this.heardMs = performance.now();
    // After a gap the models know too little to judge what follows.
    if (this.broken || !isEvent(frame)) return;
    const { seq } = parsed(frame.cursor);
    this.cursor = frame.cursor;
    if (frame.type === 'gap' && frame.reason !== 'recrawl') {
      this.broken = true;
      this.resets += 1;
      this.seq = seq;
      return;
    }
    if (seq !== this.seq + 1) this.faults.push(`${frame.cursor} after ${this.seq}`);
    this.seq = seq;
    if (frame.type === 'gap') this.recrawlGaps += 1;
    if (frame.type === 'file') this.apply(frame);
  }

  private apply(event: FileEvent): void {
    const { root, cursor, changes } = event;
    const waiting = this.waiting.get(root);
    if (waiting !== undefined) waiting.push(event);
    else if (parsed(cursor).seq > (this.beginnings.get(root) ?? 0)) this.models.get(root)?.apply(changes);
  }
}
