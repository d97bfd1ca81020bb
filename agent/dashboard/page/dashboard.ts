// What the page knows, and how it comes to know it: the stream over the client library, and each second the status.
import {
  type Agent,
  AgentAuthError,
  AgentError,
  type AgentEvent,
  AgentUnreachableError,
  type BroadcastAnswer,
  connect,
} from '../../../shared/client/browser.ts';
import { formatCursor, parseCursor } from '../../../shared/cursor.ts';
import type { ClientInfo, Status } from '../../../shared/protocol.ts';
import { ask, isShutOut, RefusedError } from './ask.ts';
import { onFrames } from './frames.ts';
import { Feed } from './model/feed.ts';
import type { LineFilter } from './model/line-filter.ts';
import { Rates } from './model/rates.ts';
import { fetchPass, storedPass } from './pass.ts';
import { Store } from './store.ts';

/** How the page stands to the agent. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected'; readonly client: string }
  | { readonly state: 'reconnecting'; readonly reason: string }
  /** The session has ended, or there was none. */
  | { readonly state: 'shut out' }
  /** It will not go on by itself. */
  | { readonly state: 'ended'; readonly reason: string };

/** The newest known. */
export interface Facts {
  readonly status: Status;
  readonly clients: readonly ClientInfo[];
}

/** How the page is called among the clients. */
const clientName = 'dashboard';
/** What happened before the page was opened: as many events as the list shows. */
const earlierEvents = 1_000;
const pollMs = 1_000;
/** An answer's date is to the second. */
const clockGrainMs = 2_000;
const sendTimeoutMs = 10_000;

/** Everything that the page shows. */
export class Dashboard {
  readonly connection = new Store<Connection>({ state: 'connecting' });
  readonly facts = new Store<Facts | undefined>(undefined);
  /** Set anew when the list has changed. */
  readonly feedVersion = new Store(0);
  /** Set each second while the page is looked at; the agent's clock, milliseconds since 1970. */
  readonly nowMs = new Store(Date.now());
  readonly feed = new Feed();
  readonly rates = new Rates();
  /** The agent's clock less ours: they differ where it runs on another machine, behind a tunnel. */
  #skewMs = 0;
  #agent: Agent | undefined;
  #pollTimer: number | undefined;
  readonly #redrawSoon = onFrames(() => this.#redraw());

  /** Follows the agent until the page is closed. */
  start(): void {
    void this.#follow();
    void this.#poll();
    document.addEventListener('visibilitychange', () => void this.#poll());
  }

  /** Sends a message to everyone who listens. */
  async send(topic: string, data: unknown): Promise<BroadcastAnswer> {
    if (this.#agent === undefined) throw new AgentUnreachableError('unreachable', 'no agent is there');
    try {
      return await this.#agent.broadcast(data, {
        timeoutMs: sendTimeoutMs,
        ...(topic === '' ? {} : { topic }),
      });
    } catch (error) {
      if (error instanceof AgentAuthError) this.#shutOut();
      throw error;
    }
  }

  /** Ends a client's connection. */
  async disconnect(id: string): Promise<void> {
    await ask('DELETE', `/v1/clients/${encodeURIComponent(id)}`).catch((error: unknown) =>
      this.#failed(error),
    );
    await this.#poll();
  }

  /** Holds the list, or lets it go on. */
  togglePause(): void {
    if (this.feed.hold === undefined) this.feed.pause('asked');
    else this.feed.resume();
    this.#redraw();
  }

  /** What is read is not to move. */
  pauseForReading(hold: 'opened' | 'scrolled'): void {
    this.feed.pause(hold);
    this.#redraw();
  }

  /** Back at the newest line. */
  resumeAfterReading(): void {
    if (this.feed.hold === 'scrolled') this.feed.resume();
    this.#redraw();
  }

  setFilter(filter: LineFilter): void {
    this.feed.setFilter(filter);
    this.#redraw();
  }

  clear(): void {
    this.feed.clear();
    this.#redraw();
  }

  /** At once: what somebody does is answered in the next frame. */
  #redraw(): void {
    this.feedVersion.set(this.feedVersion.get() + 1);
  }

  get #over(): boolean {
    const { state } = this.connection.get();
    return state === 'shut out' || state === 'ended';
  }

  async #follow(): Promise<void> {
    while (!this.#over) {
      try {
        this.#agent ??= await this.#connect();
        const since = await this.#beginning(this.#agent);
        for await (const event of this.#agent.events({ since })) this.#take(event);
      } catch (error) {
        if (error instanceof AgentAuthError) this.#shutOut();
        else if (error instanceof AgentUnreachableError) {
          this.connection.set({ state: 'reconnecting', reason: 'no agent answers' });
        } else if (error instanceof AgentError)
          this.connection.set({ state: 'ended', reason: error.message });
        else throw error;
      }
    }
  }

  async #connect(): Promise<Agent> {
    await fetchPass();
    // The library's token is whatever is shown as one.
    return connect({ name: clientName, token: storedPass() });
  }

  /** Where the stream begins, so that the page shows also what happened before it was opened. */
  async #beginning(agent: Agent): Promise<string | undefined> {
    const { cursor, journal, uptimeMs } = await agent.status();
    const head = parseCursor(cursor);
    if (head === undefined) return undefined;
    const seq = head.seq - Math.min(journal.events, earlierEvents);
    // Otherwise it is known from the first event on that comes.
    if (seq === 0) this.rates.knownFrom(this.#agentNowMs() - uptimeMs);
    return formatCursor(head.epoch, seq);
  }

  #take(event: AgentEvent): void {
    if (event.type === 'connected') this.connection.set({ state: 'connected', client: event.client });
    else if (event.type === 'lost') this.connection.set({ state: 'reconnecting', reason: event.reason });
    const { lines, bytes } = this.feed.maker.add(event, this.#agentNowMs());
    if (event.type === 'file' || event.type === 'message') {
      this.rates.knownFrom(event.time);
      this.rates.add(event.time, { isMessage: event.type === 'message', bytes });
    }
    if (lines.length === 0) return;
    this.feed.add(lines);
    this.#redrawSoon();
  }

  async #poll(): Promise<void> {
    clearTimeout(this.#pollTimer);
    if (document.visibilityState === 'hidden' || this.#over) return;
    try {
      const [{ value: status, agentTimeMs }, { value: clients }] = await Promise.all([
        ask<Status>('GET', '/v1/status'),
        ask<ClientInfo[]>('GET', '/v1/clients'),
      ]);
      const skewMs = (agentTimeMs ?? Date.now()) - Date.now();
      this.#skewMs = Math.abs(skewMs) < clockGrainMs ? 0 : skewMs;
      this.facts.set({ status, clients });
    } catch (error) {
      this.#failed(error);
    }
    this.nowMs.set(this.#agentNowMs());
    clearTimeout(this.#pollTimer);
    this.#pollTimer = setTimeout(() => void this.#poll(), pollMs);
  }

  /** No answer is what the stream tells of, and the next second asks again. */
  #failed(error: unknown): void {
    if (error instanceof RefusedError && isShutOut(error.status)) this.#shutOut();
  }

  #shutOut(): void {
    this.connection.set({ state: 'shut out' });
    void this.#agent?.close();
  }

  #agentNowMs(): number {
    return Date.now() + this.#skewMs;
  }
}
