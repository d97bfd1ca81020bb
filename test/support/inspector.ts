// Another process's heap, without what is only waiting to be collected: asked for over Node's inspector, so
// that the program itself is the one that ships.
import { WebSocket } from 'ws';
import { until } from './wait.ts';

/** The environment of a process that can be inspected; it prints the address on standard error. */
export const inspectable = { NODE_OPTIONS: '--inspect=127.0.0.1:0' } as const;

/** A connection to a process's inspector. */
export class Inspector {
  private readonly ws: WebSocket;
  private readonly answers = new Map<number, Record<string, unknown>>();
  private lastId = 0;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data) => {
      const message = JSON.parse(String(data)) as { id?: number };
      if (message.id !== undefined) this.answers.set(message.id, message);
    });
  }

  /** @param stderr what an `inspectable` process has written on standard error so far */
  static async open(stderr: () => string): Promise<Inspector> {
    const url = await until(
      () => `the inspector's address; got ${stderr()}`,
      () => /^Debugger listening on (ws:\S+)$/m.exec(stderr())?.[1],
    );
    const ws = new WebSocket(url);
    const inspector = new Inspector(ws);
    await until('the inspector', () => ws.readyState === ws.OPEN);
    return inspector;
  }

  /** Has the process collect its garbage, and tells how much of its heap is in use after that. */
  async usedHeapBytes(): Promise<number> {
    // A first collection runs finalizers, and what only they held is free for the second.
    await this.call('HeapProfiler.collectGarbage');
    await this.call('HeapProfiler.collectGarbage');
    const { usedSize } = (await this.call('Runtime.getHeapUsage'))['result'] as { usedSize: number };
    return usedSize;
  }

  close(): void {
    this.ws.terminate();
  }

  private call(method: string): Promise<Record<string, unknown>> {
    const id = ++this.lastId;
    this.ws.send(JSON.stringify({ id, method }));
    return until(method, () => this.answers.get(id));
  }
}
