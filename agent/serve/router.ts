// The table of endpoints, the same for both planes.
import type { Exchange } from './context.ts';
import type { Credential } from './guard.ts';
import { ProblemError } from './problem.ts';

type Handler = (exchange: Exchange) => Promise<void> | void;

/** One endpoint. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Segments; one that begins with a colon stands for anything and is passed on under that name. */
  readonly path: string;
  /** The least that has to be shown for it on the loopback plane, by default a session. */
  readonly needs?: Credential;
  /** Whether people see its answers, in a browser: then refusals are pages, too, and it is no part of the API. */
  readonly isPage?: boolean;
  /** Whether it is answered only once the agent knows its roots: soon after it began to listen. */
  readonly afterOpening?: boolean;
  readonly handle: Handler;
}

/** What a request was found to mean. */
export interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the endpoint of a method and path. HEAD goes where GET goes. */
export class Router {
  private readonly routes: readonly { route: Route; segments: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.routes = routes.map((route) => ({ route, segments: route.path.split('/') }));
  }

  /**
   * What is to be known of a path before anybody looks at what is asked for there, whatever the method. A path that
   * is not there needs what most do: whether it is there is for those to know who may come in.
   */
  entrance(path: string): Required<Pick<Route, 'needs' | 'isPage'>> {
    const found = this.routes.find(({ segments }) => match(segments, path) !== undefined)?.route;
    return { needs: found?.needs ?? 'session', isPage: found?.isPage ?? false };
  }

  /** @throws ProblemError 404, or 405 that names the methods there are */
  find(method: string, path: string): Found {
    const methods: string[] = [];
    for (const { route, segments } of this.routes) {
      const params = match(segments, path);
      if (params === undefined) continue;
      if (route.method === (method === 'HEAD' ? 'GET' : method)) return { route, params };
      methods.push(route.method);
    }
    if (methods.length > 0) {
      const allow = methods.join(', ');
      throw new ProblemError(405, 'method_not_allowed', `${path} takes ${allow}`, { headers: { allow } });
    }
    throw new ProblemError(
      404,
      'not_found',
      `there is nothing at ${path.slice(0, 200)}: see docs/protocol.md`,
    );
  }
}

function match(segments: readonly string[], path: string): Record<string, string> | undefined {
  const given = path.split('/');
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
