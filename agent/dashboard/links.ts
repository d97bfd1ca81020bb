// One-time links: how a browser is let in without being told the token, which would stay in its history.
import { createHash, randomBytes } from 'node:crypto';

const codeBytes = 32;
/** From the terminal to the browser takes a second or two; a link that is found later is good for nothing. */
const linkMs = 60_000;
/** Nobody opens more at once, and a script that makes them in a loop costs no memory. */
const mostOutstanding = 16;

/** A link that has not been used. */
export interface Link {
  readonly code: string;
  readonly expiresInMs: number;
}

/** Makes codes, and takes each of them once. */
export class Links {
  readonly #nowMs: () => number;
  /** When each expires, the oldest first. */
  readonly #outstanding = new Map<string, number>();

  /** @param nowMs a clock that only goes forward */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Makes one; the oldest is forgotten where there are too many. */
  make(): Link {
    const code = randomBytes(codeBytes).toString('base64url');
    this.#outstanding.set(digest(code), this.#nowMs() + linkMs);
    const [oldest] = this.#outstanding.keys();
    if (oldest !== undefined && this.#outstanding.size > mostOutstanding) this.#outstanding.delete(oldest);
    return { code, expiresInMs: linkMs };
  }

  /** Whether a code is good; it is not any more after this. */
  redeem(code: string): boolean {
    // Looked up by its digest, so that the time it takes says nothing of how near a guess came.
    const key = digest(code);
    const expiresAtMs = this.#outstanding.get(key);
    this.#outstanding.delete(key);
    return expiresAtMs !== undefined && this.#nowMs() < expiresAtMs;
  }
}

function digest(code: string): string {
  return createHash('sha256').update(code).digest('base64');
}
