// Large answers. Each is made whole before it is sent, so that it is of one moment. Memory bounds how many there may
// be, so answers that would be the same share one body, and clients that do not read must not keep others waiting.
import type { ServerResponse } from 'node:http';
import { ProblemError } from './problem.ts';

/** No further one is made while so much is held to be read; the files of a tree of 100,000 are some 11 MB. */
const mostHeldBytes = 64 * 1024 * 1024;
/** Different ones that wait to be made: more than all the tools of a developer's machine ask for at a time. */
const mostWaiting = 256;
/** How long a client may take to read a piece, some 200 KiB. */
const pieceMs = 10_000;
/** How long where others wait for the memory. */
const pieceWhileWaitedMs = 1_000;
const checkMs = 250;

/** The body of an answer. */
export interface AnswerBody {
  /** Makes what comes first, for each client its own. */
  readonly first?: () => Buffer;
  /** The rest. Shared: not to be written to. */
  readonly pieces: readonly Buffer[];
}

/** A large answer that is asked for. */
export interface LargeAnswer {
  readonly contentType: string;
  /** Answers with the same key have the same body; without one it is shared with nobody. */
  readonly key?: string;
  /** @param isWanted whether anybody still waits for it: if not, whatever it gives is dropped */
  make(isWanted: () => boolean): Promise<AnswerBody>;
}

interface Reader {
  readonly response: ServerResponse;
  /** When it took a piece last; undefined before the body is made. */
  tookMs?: number;
}

/** A body that is waited for, made, or read. */
interface Copy {
  readonly key: string | undefined;
  readonly readers: Set<Reader>;
  /** While it waits for its turn: what ends that, with whether it has come. */
  go?: (isItsTurn: boolean) => void;
  /** What it takes of the memory, once it is made. */
  heldBytes: number;
}

type SharedCopy = Copy & { readonly made: Promise<AnswerBody> };

const nothing: AnswerBody = { pieces: [] };

/** Makes large answers in turn, and sends them. */
export class Answers {
  /** Those that may be shared, by their key. */
  private readonly shared = new Map<string, SharedCopy>();
  private readonly waiting: Copy[] = [];
  /** Those that are made. */
  private readonly held = new Set<Copy>();
  private readonly mostMaking: number;
  private making = 0;
  private heldBytes = 0;
  private checker: NodeJS.Timeout | undefined;

  /** @param mostMaking made at the same time: it is work for the processor, and more at once would end no sooner */
  constructor(mostMaking = 2) {
    this.mostMaking = mostMaking;
  }

  /**
   * Sends an answer as the client takes it, and makes it before, when its turn has come, unless the same is under way.
   * Resolves when it is sent, or the client gone. One that takes no piece for too long is broken off.
   * @throws ProblemError 503 `too_many_requests`, or what `make` throws
   */
  async send(response: ServerResponse, answer: LargeAnswer): Promise<void> {
    if (response.destroyed) return;
    const copy = this.copyFor(answer);
    const reader: Reader = { response };
    copy.readers.add(reader);
    response.once('close', () => this.leave(copy, reader));
    try {
      const body = await copy.made;
      if (response.destroyed) return;
      response.writeHead(200, { 'content-type': answer.contentType, 'cache-control': 'no-store' });
      await this.write(reader, body);
    } finally {
      this.leave(copy, reader);
    }
  }

  private copyFor({ key, make }: LargeAnswer): SharedCopy {
    const known = key === undefined ? undefined : this.shared.get(key);
    if (known !== undefined) return known;
    const copy: Copy = { key, readers: new Set(), heldBytes: 0 };
    // Not before its first reader has joined.
    const made = Promise.resolve().then(() => this.make(copy, make));
    const promised = Object.assign(copy, { made });
    if (key !== undefined) this.shared.set(key, promised);
    return promised;
  }

  private async make(copy: Copy, make: LargeAnswer['make']): Promise<AnswerBody> {
    if (!(await this.mayMake(copy))) return nothing;
    try {
      const body = await make(() => copy.readers.size > 0);
      if (copy.readers.size === 0) return nothing;
      this.hold(copy, body);
      return body;
    } finally {
      this.making -= 1;
      this.goOn();
    }
  }

  private hold(copy: Copy, { pieces }: AnswerBody): void {
    for (const { length } of pieces) copy.heldBytes += length;
    this.heldBytes += copy.heldBytes;
    this.held.add(copy);
    const nowMs = performance.now();
    for (const reader of copy.readers) reader.tookMs = nowMs;
    this.checker ??= setInterval(() => this.breakOff(), checkMs).unref();
  }

  private leave(copy: Copy, reader: Reader): void {
    if (!copy.readers.delete(reader) || copy.readers.size > 0) return;
    if (copy.key !== undefined && this.shared.get(copy.key) === copy) this.shared.delete(copy.key);
    if (copy.go !== undefined) {
      this.waiting.splice(this.waiting.indexOf(copy), 1);
      copy.go(false);
    }
    if (!this.held.delete(copy)) return;
    this.heldBytes -= copy.heldBytes;
    this.goOn();
    if (this.held.size > 0) return;
    clearInterval(this.checker);
    this.checker = undefined;
  }

  /** Resolves when its turn has come, or with false when nobody wants it any more. */
  private async mayMake(copy: Copy): Promise<boolean> {
    if (copy.readers.size === 0) return false;
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
    return new Promise((resolve) => {
      this.waiting.push(copy);
      copy.go = (isItsTurn) => {
        delete copy.go;
        resolve(isItsTurn);
      };
    });
  }

  private hasRoom(): boolean {
    return this.making < this.mostMaking && this.heldBytes < mostHeldBytes;
  }

  private goOn(): void {
    while (this.waiting.length > 0 && this.hasRoom()) {
      this.making += 1;
      this.waiting.shift()?.go?.(true);
    }
  }

  /** Writes pieces when there is room. */
  private async write(reader: Reader, { first, pieces }: AnswerBody): Promise<void> {
    const { response } = reader;
    let resume = (): void => {};
    const wake = (): void => resume();
    response.on('drain', wake).on('close', wake);
    reader.tookMs = performance.now();
    if (first !== undefined) response.write(first());
    for (const piece of pieces) {
      if (response.destroyed) return;
      if (!response.write(piece)) {
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      }
      reader.tookMs = performance.now();
    }
    if (response.destroyed) return;
    await new Promise<void>((resolve) => {
      resume = resolve;
      response.end(resolve);
    });
  }

  /** A body that somebody reads stays, and the slow ones among its readers cost no further memory. */
  private breakOff(): void {
    const isWaitedFor = this.waiting.length > 0 && this.heldBytes >= mostHeldBytes;
    const nowMs = performance.now();
    const isLate = ({ tookMs = nowMs }: Reader, allowedMs: number): boolean => nowMs - tookMs > allowedMs;
    for (const { readers } of [...this.held]) {
      const all = [...readers];
      const isInTheWay = isWaitedFor && all.every((reader) => isLate(reader, pieceWhileWaitedMs));
      for (const reader of all) if (isInTheWay || isLate(reader, pieceMs)) reader.response.destroy();
    }
  }
}
