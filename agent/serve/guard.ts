// Who may come in on the loopback plane. A port on 127.0.0.1 is open to every web page that the user
// visits, so each request, upgrades included, passes three checks before anything else looks at it.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isLoopbackHostHeader, isLoopbackOrigin } from '../../shared/index.ts';
import { ProblemError } from './problem.ts';

/** What the guard lets in. */
export interface GuardPolicy {
  readonly token: string;
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
  /** Whether the endpoint tells nothing that would need a token. */
  readonly open: boolean;
}

/** What the guard looks at of a page's request that needs no token. */
export interface PageRequest extends Pick<GuardedRequest, 'host' | 'origin'> {
  readonly referrer: string | undefined;
}

/** Checks Host, then Origin, then the token. */
export class Guard {
  private readonly tokenDigest: Buffer;
  private readonly hosts: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;

  constructor(policy: GuardPolicy) {
    this.tokenDigest = digest(policy.token);
    this.hosts = new Set(policy.allowHost.map((host) => host.toLowerCase()));
    this.origins = new Set(policy.allowOrigin.map((origin) => origin.toLowerCase()));
  }

  /** @throws ProblemError 421, 403 or 401 */
  check(request: GuardedRequest): void {
    this.checkHost(request.host);
    // Cross-site requests and WebSocket hijacking: browsers say which page asks, and a page can't lie.
    if (request.origin !== undefined && !this.allowsOrigin(request.origin)) throw refusedPage(request.origin);
    // Other users of the machine, and other local pages: neither can read the token's file.
    if (!request.open && !this.allowsToken(request)) {
      throw new ProblemError(
        401,
        'token_required',
        'a valid token is needed, as "Authorization: Bearer TOKEN" or ?token=TOKEN: "agent-cli url" prints a URL with it',
        { headers: { 'www-authenticate': 'Bearer realm="devagent"' } },
      );
    }
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

  private checkHost(host: string | undefined): void {
    // DNS rebinding: a page's own host name can be made to lead here, but it can't change its name.
    if (this.allowsHost(host)) return;
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

  private allowsHost(host: string | undefined): boolean {
    if (host === undefined) return false;
    if (isLoopbackHostHeader(host)) return true;
    const name = host.toLowerCase();
    const bare = name.replace(/:\d{1,5}$/, '');
    return this.hosts.has(name) || this.hosts.has(bare) || this.hosts.has(bare.replace(/^\[(.*)\]$/, '$1'));
  }

  private allowsToken({ authorization, queryToken }: GuardedRequest): boolean {
    const bearer = /^Bearer +([^ ]+)$/i.exec(authorization ?? '')?.[1];
    const given = bearer ?? queryToken;
    // Digests are of one length, so that the comparison takes the same time whatever was given.
    return given !== null && timingSafeEqual(digest(given), this.tokenDigest);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
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
