// What a browser shows that was let in once: a cookie. It is a statement of the agent's own, "let in until then",
// under a MAC: nothing has to be kept, so that it outlives a restart, and a new token ends all of them.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A working day, so that it is asked for again the next morning. */
const sessionMs = 12 * 60 * 60_000;

const format = /^(\d{1,11})\.([\w-]{43})$/;

/** Begins sessions, and knows their cookies again. */
export class Sessions {
  private readonly key: Buffer;
  private readonly agentName: string;
  private readonly nowMs: () => number;

  /**
   * @param token never in a cookie itself: those go to every server under the same host name, whatever its port
   * @param agentName agents of other names have the same token, and their sessions are not this one's
   */
  constructor(token: string, agentName: string, nowMs: () => number = Date.now) {
    // A key of its own: no other use of the token can be made to give a MAC that is good here.
    this.key = createHmac('sha256', token).update('devagent dashboard session 1').digest();
    this.agentName = agentName;
    this.nowMs = nowMs;
  }

  /**
   * Begins a session.
   * @param host as the request calls the agent, port included
   * @returns its Set-Cookie
   */
  begin(host: string): string {
    const endsAt = String(Math.floor((this.nowMs() + sessionMs) / 1000));
    const value = `${endsAt}.${this.mac(endsAt).toString('base64url')}`;
    // No script can read it, and no page of another site has it sent. Not `Secure`: this is plain HTTP.
    return `${cookieName(host)}=${value}; Path=/; Max-Age=${sessionMs / 1000}; HttpOnly; SameSite=Strict`;
  }

  /**
   * When the session ends whose cookie is among these, in milliseconds since 1970; undefined where there is none.
   * @param cookies a request's Cookie header
   * @param host as the request calls the agent, port included
   */
  endOf(cookies: string | undefined, host: string): number | undefined {
    const prefix = `${cookieName(host)}=`;
    // Any server of this host name can set a cookie of this name beside ours, with a longer path that browsers
    // put first. To keep the user out that way, it must not do to look at one of them only.
    for (const cookie of (cookies ?? '').split(';')) {
      const pair = cookie.trim();
      const endsAtMs = pair.startsWith(prefix) ? this.read(pair.slice(prefix.length)) : undefined;
      if (endsAtMs !== undefined) return endsAtMs;
    }
    return undefined;
  }

  private read(value: string): number | undefined {
    const [, endsAt = '', mac = ''] = format.exec(value) ?? [];
    // Both are 32 bytes: what is no base64url of that length did not fit the format.
    if (mac === '' || !timingSafeEqual(Buffer.from(mac, 'base64url'), this.mac(endsAt))) return undefined;
    const leftMs = Number(endsAt) * 1000 - this.nowMs();
    // More is left than there ever was where the clock was wrong when it began: nobody knows when it should end.
    return leftMs > 0 && leftMs <= sessionMs ? Number(endsAt) * 1000 : undefined;
  }

  private mac(endsAt: string): Buffer {
    return createHmac('sha256', this.key).update(`${endsAt} ${this.agentName}`).digest();
  }
}

/**
 * The cookie of the agent at this port, as the browser sees it: cookies are kept by host name alone, and the one of a
 * second agent would take the place of the first one's.
 */
function cookieName(host: string): string {
  return `devagent_${/:(\d+)$/.exec(host)?.[1] ?? '80'}`;
}
