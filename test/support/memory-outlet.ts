// The end of a client's connection, in memory: what was handed to it, at a pace that the test sets.

/** What it tells of its end, and of its room: the hub. */
interface Owner<C> {
  drained(client: C): void;
  leave(client: C, why: Readonly<Record<string, unknown>>): void;
}

/** Takes NDJSON. When it is asked to close it does so in the next turn, as a peer that answers. */
export class MemoryOutlet<C> {
  readonly transport = 'ndjson';
  readonly address = 'memory';
  readonly closed: number[] = [];
  text = '';
  /** How many more bytes it takes before it is full. */
  room = Number.POSITIVE_INFINITY;
  hub: Owner<C> | undefined;
  client: C | undefined;

  get isOpen(): boolean {
    return this.closed.length === 0;
  }

  get frames(): Record<string, unknown>[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** The data of the messages. */
  get data(): unknown[] {
    return this.frames.flatMap(({ type, data }) => (type === 'message' ? [data] : []));
  }

  write(buffers: readonly Buffer[]): boolean {
    const bytes = Buffer.concat(buffers);
    this.text += bytes.toString('utf8');
    this.room -= bytes.length;
    return this.room > 0;
  }

  unsentBytes(): number {
    return Math.max(0, -this.room);
  }

  close(code: number): void {
    if (this.closed.push(code) > 1) return;
    // As a connection's end comes: later.
    queueMicrotask(() => {
      if (this.client !== undefined) this.hub?.leave(this.client, {});
    });
  }

  /** Takes so many bytes of what waits, and has room for more once nothing does. */
  take(bytes = Number.POSITIVE_INFINITY): void {
    this.room += bytes;
    if (this.room > 0 && this.client !== undefined) this.hub?.drained(this.client);
  }
}
