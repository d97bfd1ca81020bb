// Who may come in on the loopback plane. A port on 127.0.0.1 is open to every web page that the user
// visits, so each request, upgrades included, passes three checks before anything else looks at it.
//
// The third asks for a credential. The token is shown on purpose, by whoever knows it. A session's cookie is sent by
// the browser, whoever makes it ask: so a session counts for the agent's own page alone, and by the same rule where
// the page shows its pass instead.
import { createHash, timingSafeEqual } from 'node:crypto';
import { bareHost, isLoopbackHostHeader, isLoopbackOrigin } from '../../shared/index.ts';
import { ProblemError } from './problem.ts';

/**
 * What a request can show, each for more than the one before: a one-time link opens the page at `/`, a session is for
 * what that page does, and the token for everything.
 */
export type Credential = 'nothing' | 'link' | 'session' | 'token';

/** The sessions of browsers. */
export interface Sessions {
  /**
   * Its Set-Cookie.
   * @param host as the request calls the agent, port included
   * @param endsAtMs when it ends, in milliseconds since 1970; a new one begins where none is given
   */
  cookie(host: string, endsAtMs?: number): string;
  /** What its page shows as a bearer token. */
  pass(host: string, endsAtMs?: number): string;
  /** When the session ends that a request shows, in milliseconds since 1970; undefined where it shows none. */
  endOf(
    shown: { readonly cookies: string | undefined; readonly pass: string | undefined },
    host: string,
  ): number | undefined;
}

/** The links that begin them. */
export interface Links {
  /** Whether a link's code is good; it is not any more after this. */
  redeem(code: string): boolean;
}

/** What the guard lets in. */
export interface GuardPolicy {
  readonly token: string;
  readonly sessions: Sessions;
  readonly links: Links;
  /** Host names besides the loopback ones. */
  readonly allowHost: readonly string[];
  /** Origins besides the loopback ones. */
  readonly allowOrigin: readonly string[];
}

/** What the guard looks at. */
export interface GuardedRequest {
  /** Undefined also where it was given more than once: then nobody can tell which one counts. */
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  /** The query's token. */
  readonly queryToken: string | null;
  /** The code of a link, where it may be used up. */
  readonly linkCode: string | null;
  readonly cookies: string | undefined;
  /** `Sec-Fetch-Site`: from where a browser asks. */
  readonly fetchSite: string | undefined;
  /** Whether it asks for the connection itself: as an upgrade, or CONNECT. */
  readonly isUpgrade: boolean;
  /** Whether it can do more than read one answer: by its method, or as an upgrade. */
  readonly acts: boolean;
  /** The least that it has to show. */
  readonly needs: Credential;
}

/** A session that is good. */
export interface OpenSession {
  /** When it ends, in milliseconds since 1970. */
  readonly endsAtMs: number;
  /** What shows it from here on, until it ends: a Set-Cookie, and the page's pass. */
  renew(): { readonly cookie: string; readonly pass: string };
}

/** How a request was let in. */
export interface Admission {
  /** What it showed. */
  readonly by: Credential;
  /** The session that it showed. */
  readonly session?: OpenSession;
  /** The Set-Cookie of the session that it begins. */
  readonly cookie?: string;
}

/** What the guard looks at of a page's request that needs no token. */
export interface PageRequest extends Pick<GuardedRequest, 'host' | 'origin'> {
  readonly referrer: string | undefined;
}

/** What a refusal for want of a credential has to say to programs (RFC 9110); browsers ask nobody for a Bearer. */
const challenge = { 'www-authenticate': 'Bearer realm="devagent"' };

/** Checks Host, then Origin, then the credential. */
export class Guard {
  private readonly tokenDigest: Buffer;
  private readonly sessions: Sessions;
  private readonly links: Links;
  private readonly hosts: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;

  constructor(policy: GuardPolicy) {
    this.tokenDigest = digest(policy.token);
    this.sessions = policy.sessions;
    this.links = policy.links;
    this.hosts = new Set(policy.allowHost.map((host) => host.toLowerCase().replace(/^\[(.*)\]$/, '$1')));
    this.origins = new Set(policy.allowOrigin.map((origin) => origin.toLowerCase()));
  }

  /** @throws ProblemError 421, 403 or 401 */
  check(request: GuardedRequest): Admission {
    const { needs, linkCode } = request;
    const host = this.checkSource(request);
    if (needs === 'nothing') return { by: 'nothing' };
    // Other users of the machine, and other local pages: neither can read the token's file.
    if (this.allowsToken(request)) {
      // Where a link will do, a token in the address is there to be exchanged: an address is shown, and kept.
      const begins = needs === 'link' && request.queryToken !== null;
      return { by: 'token', ...(begins ? { cookie: this.sessions.cookie(host) } : {}) };
    }
    // Before the cookie: who opens a new link wants a new session, although the old one is good for a while.
    if (needs === 'link' && linkCode !== null && this.links.redeem(linkCode)) {
      return { by: 'link', cookie: this.sessions.cookie(host) };
    }
    // A session does not lead to what needs the token, as are new links: a cookie that got into wrong hands is good
    // until it expires, and can't be made into one that is good for longer.
    const endsAtMs = needs === 'token' ? undefined : this.sessions.endOf(shownSession(request), host);
    if (endsAtMs !== undefined) {
      if (!isOwnPage(request, host)) throw refusedSession();
      const renew = () => ({
        cookie: this.sessions.cookie(host, endsAtMs),
        pass: this.sessions.pass(host, endsAtMs),
      });
      return { by: 'session', session: { endsAtMs, renew } };
    }
    throw needs === 'link' && linkCode !== null ? linkExpired() : tokenRequired();
  }

  /**
   * Checks where a request goes and which page it comes from, and no credential.
   * @returns the host
   * @throws ProblemError 421 or 403
   */
  checkSource({ host: given, origin }: Pick<GuardedRequest, 'host' | 'origin'>): string {
    const host = this.checkHost(given);
    // Cross-site requests and WebSocket hijacking: browsers say which page asks, and a page can't lie.
    if (origin !== undefined && origin !== ownOrigin(host) && !this.allowsOrigin(origin)) {
      throw refusedPage(origin);
    }
    return host;
  }

  /**
   * For what is told without a token, to pages of this machine: those of loopback origins, those given with
   * `--allow-origin`, and those that lie on disk. Of the last, `null` has to be looked at further: it is what browsers
   * say of any page without an origin, such as a sandboxed frame of a hostile one.
   * @throws ProblemError 421 or 403
   */
  checkPage({ host, origin, referrer }: PageRequest): void {
    this.checkHost(host);
    // Some browsers call a page on disk so, and no page that came over a network.
    const isOnDisk = origin === 'file://' || origin === 'null';
    if (origin !== undefined && !isOnDisk && !this.allowsOrigin(origin)) throw refusedPage(origin);
    // A script that a page includes is asked for without an Origin. A page can leave the referrer out as well: it gets
    // what everybody can have from the npm registry then.
    const from = referrer === undefined ? undefined : originOf(referrer);
    if (from !== undefined && !this.allowsOrigin(from)) throw refusedPage(from);
  }

  /** @returns the host, which is one now */
  private checkHost(host: string | undefined): string {
    // DNS rebinding: a page's own host name can be made to lead here, but it can't change its name.
    if (host !== undefined && this.allowsHost(host)) return host;
    throw new ProblemError(
      421,
      'host_refused',
      `this agent does not answer to the host "${host ?? ''}": use localhost or 127.0.0.1, or start it with --allow-host`,
    );
  }

  /** Whether pages of this origin may use the agent. */
  allowsOrigin(origin: string): boolean {
    return isLoopbackOrigin(origin) || this.origins.has(origin.toLowerCase());
  }

  private allowsHost(host: string): boolean {
    if (isLoopbackHostHeader(host)) return true;
    // A name that was allowed with a port is allowed with that port alone.
    return this.hosts.has(host.toLowerCase()) || this.hosts.has(bareHost(host));
  }

  private allowsToken({ authorization, queryToken }: GuardedRequest): boolean {
    const given = bearerOf(authorization) ?? queryToken;
    // Digests are of one length, so that the comparison takes the same time whatever was given.
    return given !== null && timingSafeEqual(digest(given), this.tokenDigest);
  }
}

function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +([^ ]+)$/i.exec(authorization ?? '')?.[1];
}

/** A pass stands in an address only where a page has no other way to show it: when it opens a WebSocket. */
function shownSession({ authorization, queryToken, isUpgrade, cookies }: GuardedRequest): {
  cookies: string | undefined;
  pass: string | undefined;
} {
  const inQuery = isUpgrade ? (queryToken ?? undefined) : undefined;
  return { cookies, pass: bearerOf(authorization) ?? inQuery };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The origin of the pages that the agent itself serves under the name that a request gives it. */
function ownOrigin(host: string): string {
  return `http://${host}`;
}

/**
 * Whether a request that shows a session comes from the agent's own page, or from the user by the address bar. Cookies
 * know no ports: the page of any server under this host name, a dev server's or another user's, has the browser send
 * this one along, `SameSite` or not.
 */
function isOwnPage({ origin, fetchSite, acts }: GuardedRequest, host: string): boolean {
  // `same-site` is the other ports', and `cross-site` should have come without the cookie. Absent is an older browser,
  // one that asks over a network without TLS, or no browser.
  const isFromElsewhere = fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none';
  // A browser leaves the origin out where a page reads from its own, or includes something (which it gets to see
  // nothing of); never where a request could change something, or opens a WebSocket.
  return !isFromElsewhere && (origin === undefined ? !acts : origin === ownOrigin(host));
}

function tokenRequired(): ProblemError {
  return new ProblemError(
    401,
    'token_required',
    'a valid token is needed, as "Authorization: Bearer TOKEN" or ?token=TOKEN: "agent-cli url" prints a URL with it',
    { headers: challenge },
  );
}

function linkExpired(): ProblemError {
  return new ProblemError(
    401,
    'link_expired',
    'this link was used before, or is more than a minute old: "agent-cli url --open" makes another',
    { headers: challenge },
  );
}

function refusedSession(): ProblemError {
  return new ProblemError(
    403,
    'origin_refused',
    "the dashboard's session is for its own page: others, and programs, need the token",
  );
}

function refusedPage(origin: string): ProblemError {
  return new ProblemError(
    403,
    'origin_refused',
    `pages of ${origin} may not use this agent: start it with --allow-origin to let them`,
  );
}

/** The origin of a page's address; what is no address is its own, which nobody allows. */
function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : address;
}
