// Tables of routes: what there is on a plane, and what each of it needs.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './context.ts';
import type { Credential } from './guard.ts';
import { ProblemError } from './problem.ts';
import type { WebSockets } from './web-socket.ts';

/** A request for a WebSocket that was let in. */
export interface Upgrade {
  readonly webSockets: WebSockets;
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** The first bytes that came after the request. */
  readonly head: Buffer;
  readonly query: URLSearchParams;
  /** Where the request comes from, for people. */
  readonly address: string;
}

/** One endpoint. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments; one that begins with a colon stands for anything and is passed on under that name. */
  readonly path: string;
  /**
   * The least that has to be shown for it on the loopback plane, by default a session; `page`: nothing, but a page
   * that asks has to be one of this machine.
   */
  readonly needs?: Credential | 'page';
  /** Whether people see its answers, in a browser: then refusals are pages, too, and it is no part of the API. */
  readonly isPage?: boolean;
  /** Whether it is answered only once the agent knows its roots: soon after it began to listen. */
  readonly afterOpening?: boolean;
  readonly handle: (exchange: Exchange) => Promise<void> | void;
  /** Takes over the connection as a WebSocket; absent where there is none to be had. */
  readonly upgrade?: (upgrade: Upgrade) => void;
}

/** What a request means: one look at the table, of which each step of its handling asks what it needs. */
export interface Target {
  readonly path: string;
  /** Of the path, whatever is asked for there, and whether or not it is there. */
  readonly needs: Credential | 'page';
  readonly isPage: boolean;
  /**
   * The route, and what the path's placeholders stand for.
   * @throws ProblemError 404, or 405 that names the methods there are
   */
  found(): { readonly route: Route; readonly params: Readonly<Record<string, string>> };
  /**
   * What takes over the connection.
   * @throws ProblemError 404, 405, or 400 that names the paths of WebSockets
   */
  upgrade(): { readonly route: Route; readonly take: (upgrade: Upgrade) => void | Promise<void> };
}

/** What is not in a table, in its words. */
export interface Absence {
  /** The least that has to be shown for a path that is not there. */
  readonly needs: Credential | 'page';
  /** What is said of it to those who may know. */
  readonly detail: (path: string) => string;
}

const elsewhere: Absence = {
  needs: 'session',
  detail: (path) => `there is nothing at ${path.slice(0, 200)}: see docs/protocol.md`,
};

/** Finds the endpoint of a method and path. HEAD goes where GET goes. */
export class Router {
  private readonly routes: readonly { route: Route; segments: readonly string[] }[];
  private readonly absence: Absence;

  constructor(routes: readonly Route[], absence = elsewhere) {
    this.routes = routes.map((route) => ({ route, segments: route.path.split('/') }));
    this.absence = absence;
  }

  /** Never throws: what is wrong with the request is for those to know who may come in. */
  target(method: string, path: string): Target {
    const given = path.split('/');
    const here = this.routes.flatMap(({ route, segments }) => {
      const params = match(segments, given);
      return params === undefined ? [] : [{ route, params }];
    });
    const asked = method === 'HEAD' ? 'GET' : method;
    const found = (): (typeof here)[number] => {
      const one = here.find(({ route }) => route.method === asked);
      if (one !== undefined) return one;
      if (here.length === 0) throw new ProblemError(404, 'not_found', this.absence.detail(path));
      const allow = here.map(({ route }) => route.method).join(', ');
      throw new ProblemError(405, 'method_not_allowed', `${path} takes ${allow}`, { headers: { allow } });
    };
    const [first] = here;
    return {
      path,
      needs: first === undefined ? this.absence.needs : (first.route.needs ?? 'session'),
      isPage: first?.route.isPage ?? false,
      found,
      upgrade: () => {
        const { route } = found();
        if (route.upgrade === undefined) throw this.noWebSocket(path);
        return { route, take: route.upgrade };
      },
    };
  }

  private noWebSocket(path: string): ProblemError {
    const paths = this.routes
      .filter(({ route }) => route.upgrade !== undefined)
      .map(({ route }) => route.path);
    const only = `${paths.join(' and ')} ${paths.length === 1 ? 'is' : 'are'}`;
    return new ProblemError(400, 'upgrade_refused', `${path} is no WebSocket: only ${only}`);
  }
}

function match(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (given.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = given[index] as string;
    if (!segment.startsWith(':')) {
      if (segment !== part) return undefined;
      continue;
    }
    try {
      params[segment.slice(1)] = decodeURIComponent(part);
    } catch {
      // A malformed escape names nothing.
      return undefined;
    }
  }
  return params;
}
