// A bad line between clients and an agent: what comes down it is split, held up, and at some byte cut off.
import { createConnection, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { cleanUpWith } from './cleanup.ts';
import { randomFrom } from './random-operations.ts';

/** How a connection ends: some of what was sent before may be lost with it, as on a real line. */
const endings = ['fin', 'destroy', 'reset'] as const;
/** Cut within the answer's head, hello, or the first event after it. */
const earlyBytes = 900;
const lateBytes = 5_000;
/** Within one event, so that most pieces begin and end in the middle of one. */
const mostPieceBytes = 700;
const mostHoldUpMs = 2;

/** A listening proxy. */
export interface CuttingProxy {
  /** 0 where it listens on a path. */
  readonly port: number;
  /** Connections that it has cut so far. */
  readonly cuts: number;
  /** Cuts no more; connections that are yet to be cut stay whole. */
  mend(): void;
  /** Has no connection take anything more from the agent, or all of them go on. */
  hold(held: boolean): void;
  /** Ends all connections and lets no new one through, or lets them through again. */
  block(blocked: boolean): void;
}

/**
 * Starts a proxy to `target` that cuts each connection once, at a random byte; it stops after the test.
 * @param seed with the same one the n-th connection is cut at the same byte
 * @param listenAt where it listens, a Unix socket's path or 0 for any free port of 127.0.0.1
 */
export async function startCuttingProxy(
  target: NetConnectOpts,
  seed: number,
  listenAt: string | 0 = 0,
): Promise<CuttingProxy> {
  const lines = new Set<Line>();
  let connections = 0;
  let cuts = 0;
  let mended = false;
  let blocked = false;
  const server = createServer((near) => {
    if (blocked) {
      near.destroy();
      return;
    }
    connections += 1;
    // Each has numbers of its own, or it would depend on the others' timing where it is cut.
    const random = randomFrom(seed + connections);
    const upTo = (most: number): number => Math.floor(random() * most);
    const line = new Line(near, createConnection(target), {
      cutAfterBytes: upTo(random() < 0.3 ? earlyBytes : lateBytes),
      ending: endings[upTo(endings.length)] as (typeof endings)[number],
      pieceBytes: () => 1 + upTo(mostPieceBytes),
      // Most pieces go at once, or a few hundred connections would take minutes.
      holdUpMs: () => (random() < 0.2 ? upTo(mostHoldUpMs + 1) : 0),
      isMended: () => mended,
      wasCut: () => {
        cuts += 1;
      },
    });
    lines.add(line);
    near.on('close', () => lines.delete(line));
  });
  await new Promise<void>((resolve) => {
    if (listenAt === 0) server.listen(0, '127.0.0.1', resolve);
    else server.listen(listenAt, resolve);
  });
  cleanUpWith(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const line of lines) line.end('destroy');
    await closed;
  });
  return {
    port: listenAt === 0 ? (server.address() as { port: number }).port : 0,
    get cuts() {
      return cuts;
    },
    mend: () => {
      mended = true;
    },
    hold: (held) => {
      for (const line of lines) line.hold(held);
    },
    block: (shut) => {
      blocked = shut;
      if (shut) for (const line of lines) line.end('destroy');
    },
  };
}

interface Plan {
  readonly cutAfterBytes: number;
  readonly ending: (typeof endings)[number];
  readonly pieceBytes: () => number;
  readonly holdUpMs: () => number;
  readonly isMended: () => boolean;
  readonly wasCut: () => void;
}

/** One connection through the proxy. */
class Line {
  private readonly near: Socket;
  private readonly far: Socket;
  private readonly plan: Plan;
  private passedBytes = 0;
  private pending: Buffer = Buffer.alloc(0);
  private timer: NodeJS.Timeout | undefined;
  private held = false;
  private isOver = false;

  constructor(near: Socket, far: Socket, plan: Plan) {
    this.near = near;
    this.far = far;
    this.plan = plan;
    near.setNoDelay(true);
    near.on('data', (piece) => far.write(piece));
    near.on('error', () => {});
    far.on('error', () => {});
    near.on('close', () => this.end('destroy'));
    far.on('close', () => {
      this.isOver = true;
      // What has come but not gone is passed on first: the end is told even while reading is paused.
      if (this.timer === undefined) near.end();
    });
    far.on('data', (piece: Buffer) => {
      this.pending = Buffer.concat([this.pending, piece]);
      far.pause();
      this.timer ??= setTimeout(() => this.pass(), 0);
    });
  }

  hold(held: boolean): void {
    this.held = held;
    if (held) this.far.pause();
    else if (this.timer === undefined) this.timer = setTimeout(() => this.pass(), 0);
  }

  end(how: Plan['ending']): void {
    clearTimeout(this.timer);
    this.far.destroy();
    // There is no reset on a Unix socket, which has no port.
    const canReset = this.near.localPort !== undefined;
    if (how === 'fin') this.near.end(() => this.near.destroy());
    else if (how === 'reset' && canReset) this.near.resetAndDestroy();
    else this.near.destroy();
  }

  /** Passes pieces on until one is to be held up, nothing is left, or it is time for the cut. */
  private pass(): void {
    this.timer = undefined;
    while (this.pending.length > 0) {
      const { cutAfterBytes } = this.plan;
      const untilCut = this.plan.isMended() ? Number.POSITIVE_INFINITY : cutAfterBytes - this.passedBytes;
      const bytes = Math.min(this.plan.pieceBytes(), untilCut, this.pending.length);
      if (bytes > 0) this.near.write(this.pending.subarray(0, bytes));
      this.pending = this.pending.subarray(Math.max(0, bytes));
      this.passedBytes += bytes;
      if (bytes >= untilCut) {
        this.plan.wasCut();
        this.end(this.plan.ending);
        return;
      }
      const holdUpMs = this.plan.holdUpMs();
      if (holdUpMs > 0) {
        this.timer = setTimeout(() => this.pass(), holdUpMs);
        return;
      }
    }
    if (this.isOver) this.near.end();
    else if (!this.held) this.far.resume();
  }
}
