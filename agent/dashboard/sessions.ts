// What a browser shows that was let in once. It is a statement of the agent's own, "let in until then", under a MAC:
// nothing has to be kept, so that it outlives a restart, and a new token ends all of them.
//
// There are two, under MACs of their own: a cookie, which lets the browser load the page, and a pass, by which the page
// itself asks. Cookies know no ports, so any server under this host name can overwrite the cookie or push it out of a
// full jar. The page keeps its pass where only its own origin can reach it.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A working day, so that it is asked for again the next morning. */
const sessionMs = 12 * 60 * 60_000;

const format = /^(\d{1,11})\.([\w-]{43})$/;

/** What of a request may show a session. */
export interface ShownSession {
  /** Its Cookie header. */
  readonly cookies: string | undefined;
  /** What it shows as a bearer token. */
  readonly pass: string | undefined;
}

/** Begins sessions, and knows their cookies and passes again. */
export class Sessions {
  readonly #key: Buffer;
  readonly #agentName: string;
  readonly #nowMs: () => number;

  /**
   * @param token never in a cookie itself: those go to every server under the same host name, whatever its port
   * @param agentName agents of other names have the same token, and their sessions are not this one's
   */
  constructor(token: string, agentName: string, nowMs: () => number = Date.now) {
    // A key of its own: no other use of the token can be made to give a MAC that is good here.
    this.#key = createHmac('sha256', token).update('devagent dashboard session 1').digest();
    this.#agentName = agentName;
    this.#nowMs = nowMs;
  }

  /**
   * The cookie of a session.
   * @param host as the request calls the agent, port included
   * @param endsAtMs when the session ends, in milliseconds since 1970; a new one begins where none is given
   * @returns its Set-Cookie
   */
  cookie(host: string, endsAtMs = this.#newEndMs()): string {
    const value = this.#statement(endsAtMs, this.#cookieScope());
    const seconds = Math.ceil((endsAtMs - this.#nowMs()) / 1000);
    // No script can read it, and no page of another site has it sent. Not `Secure`: this is plain HTTP.
    return `${cookieName(host)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
  }

  /**
   * The pass of a session: for the page at this address alone.
   * @param host as the request calls the agent, port included
   * @param endsAtMs as for `cookie`
   */
  pass(host: string, endsAtMs = this.#newEndMs()): string {
    return this.#statement(endsAtMs, this.#passScope(host));
  }

  /**
   * When the session ends that a request shows, in milliseconds since 1970; undefined where it shows none.
   * @param host as the request calls the agent, port included
   */
  endOf({ cookies, pass }: ShownSession, host: string): number | undefined {
    const endsAtMs = pass === undefined ? undefined : this.#read(pass, this.#passScope(host));
    return endsAtMs ?? this.#endOfCookie(cookies, host);
  }

  #endOfCookie(cookies: string | undefined, host: string): number | undefined {
    const prefix = `${cookieName(host)}=`;
    // Any server of this host name can set a cookie of this name beside ours, with a longer path that browsers
    // put first. To keep the user out that way, it must not do to look at one of them only.
    for (const cookie of (cookies ?? '').split(';')) {
      const pair = cookie.trim();
      const endsAtMs = pair.startsWith(prefix)
        ? this.#read(pair.slice(prefix.length), this.#cookieScope())
        : undefined;
      if (endsAtMs !== undefined) return endsAtMs;
    }
    return undefined;
  }

  #newEndMs(): number {
    return this.#nowMs() + sessionMs;
  }

  #statement(endsAtMs: number, scope: string): string {
    const endsAt = String(Math.floor(endsAtMs / 1000));
    return `${endsAt}.${this.#mac(endsAt, scope).toString('base64url')}`;
  }

  #read(value: string, scope: string): number | undefined {
    const [, endsAt = '', mac = ''] = format.exec(value) ?? [];
    // Both are 32 bytes: what is no base64url of that length did not fit the format.
    if (mac === '' || !timingSafeEqual(Buffer.from(mac, 'base64url'), this.#mac(endsAt, scope)))
      return undefined;
    const leftMs = Number(endsAt) * 1000 - this.#nowMs();
    // More is left than there ever was where the clock was wrong when it began: nobody knows when it should end.
    return leftMs > 0 && leftMs <= sessionMs ? Number(endsAt) * 1000 : undefined;
  }

  #cookieScope(): string {
    return this.#agentName;
  }

  /** Neither is good in the place of the other: no name of an agent has a space in it. */
  #passScope(host: string): string {
    return `${this.#agentName} page ${host.toLowerCase()}`;
  }

  #mac(endsAt: string, scope: string): Buffer {
    return createHmac('sha256', this.#key).update(`${endsAt} ${scope}`).digest();
  }
}

/**
 * The cookie of the agent at this port, as the browser sees it: cookies are kept by host name alone, and the one of a
 * second agent would take the place of the first one's.
 */
function cookieName(host: string): string {
  return `devagent_${/:(\d+)$/.exec(host)?.[1] ?? '80'}`;
}
