// Large answers. Each is made whole before it is sent, so that it is of one moment. So memory bounds how many there
// may be, and a client that does not read must not keep others waiting.
import type { ServerResponse } from 'node:http';
import { ProblemError } from './problem.ts';

/** Made at the same time: it is work for the processor, and more at once would end no sooner. */
const mostMaking = 2;
/** No further one is made while so much waits to be read; the files of a tree of 100,000 are some 11 MB. */
const mostHeldBytes = 64 * 1024 * 1024;
/** More than all the tools of a developer's machine ask at a time. */
const mostWaiting = 256;
/** How long a client may take to read a piece, some 200 KiB. */
const pieceMs = 10_000;
/** How long where others wait. */
const pieceWhileWaitedMs = 1_000;
const checkMs = 250;

interface Sending {
  readonly response: ServerResponse;
  /** When it took a piece last. */
  tookMs: number;
}

/** Makes large answers in turn, and sends them. */
export class Answers {
  private readonly waiting: ((isItsTurn: boolean) => void)[] = [];
  private readonly sending = new Set<Sending>();
  private making = 0;
  private heldBytes = 0;
  private checker: NodeJS.Timeout | undefined;

  /**
   * Makes an answer when its turn has come, and sends it as the client takes it. Resolves when it is sent, or the
   * client gone. One that takes no piece for too long is broken off.
   * @param make writes the head, and gives the body in pieces
   * @throws ProblemError 503 `too_many_requests`, or what `make` throws
   */
  async send(response: ServerResponse, make: () => Promise<readonly Buffer[]>): Promise<void> {
    if (!(await this.mayMake(response))) return;
    let pieces: Buffer[];
    try {
      pieces = [...(await make())];
      for (const { length } of pieces) this.heldBytes += length;
    } finally {
      this.making -= 1;
      this.goOn();
    }
    const sending = { response, tookMs: performance.now() };
    this.sending.add(sending);
    this.checker ??= setInterval(() => this.breakOff(), checkMs).unref();
    try {
      await this.write(sending, pieces);
    } finally {
      this.sending.delete(sending);
      for (const piece of pieces) this.letGo(piece);
      if (this.sending.size === 0) {
        clearInterval(this.checker);
        this.checker = undefined;
      }
    }
  }

  /** Resolves when its turn has come, or with false when the client is gone. */
  private async mayMake(response: ServerResponse): Promise<boolean> {
    if (response.destroyed) return false;
    if (this.waiting.length === 0 && this.hasRoom()) {
      this.making += 1;
      return true;
    }
    if (this.waiting.length >= mostWaiting) {
      throw new ProblemError(
        503,
        'too_many_requests',
        `${mostWaiting} requests for large answers wait already: ask again later`,
        { headers: { 'retry-after': '1' } },
      );
    }
    return new Promise((go) => {
      this.waiting.push(go);
      response.once('close', () => {
        const at = this.waiting.indexOf(go);
        if (at === -1) return;
        this.waiting.splice(at, 1);
        go(false);
      });
    });
  }

  private hasRoom(): boolean {
    return this.making < mostMaking && this.heldBytes < mostHeldBytes;
  }

  private goOn(): void {
    while (this.waiting.length > 0 && this.hasRoom()) {
      this.making += 1;
      this.waiting.shift()?.(true);
    }
  }

  private letGo({ length }: Buffer): void {
    this.heldBytes -= length;
    this.goOn();
  }

  /** Writes pieces when there is room, each taken out of the list when the system has it. */
  private async write(sending: Sending, pieces: Buffer[]): Promise<void> {
    const { response } = sending;
    let resume = (): void => {};
    const wake = (): void => resume();
    response.on('drain', wake).on('close', wake);
    for (let piece = pieces[0]; piece !== undefined && !response.destroyed; piece = pieces[0]) {
      if (!response.write(piece)) {
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      }
      sending.tookMs = performance.now();
      pieces.shift();
      this.letGo(piece);
    }
    if (response.destroyed) return;
    await new Promise<void>((resolve) => {
      resume = resolve;
      response.end(resolve);
    });
  }

  private breakOff(): void {
    const allowedMs = this.waiting.length > 0 ? pieceWhileWaitedMs : pieceMs;
    const endMs = performance.now() - allowedMs;
    for (const { response, tookMs } of this.sending) if (tookMs < endMs) response.destroy();
  }
}
