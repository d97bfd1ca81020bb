// The table of endpoints, the same for both planes.
import type { Exchange } from './context.ts';
import { ProblemError } from './problem.ts';

type Handler = (exchange: Exchange) => Promise<void> | void;

/** One endpoint. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Segments; one that begins with a colon stands for anything and is passed on under that name. */
  readonly path: string;
  /** Whether it can be had without a token. */
  readonly open?: boolean;
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

  /** Whether the path needs no token, whatever the method. */
  isOpen(path: string): boolean {
    return this.routes.some(
      ({ route, segments }) => route.open === true && match(segments, path) !== undefined,
    );
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
