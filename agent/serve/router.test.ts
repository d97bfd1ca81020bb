import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ProblemError } from './problem.ts';
import { type Route, Router } from './router.ts';
import { routes } from './routes.ts';

function route(method: Route['method'], path: string, more: Partial<Route> = {}): Route {
  return { method, path, handle: () => {}, ...more };
}

/** What `find` makes of a request: the route's path and parameters, or the problem. */
function find(router: Router, method: string, path: string): unknown {
  try {
    const found = router.target(method, path).found();
    return [`${found.route.method} ${found.route.path}`, found.params];
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return [error.status, error.headers];
  }
}

const router = new Router([
  route('GET', '/things'),
  route('POST', '/things'),
  route('GET', '/things/:id'),
  route('DELETE', '/things/:id/parts/:part'),
  route('GET', '/health', { needs: 'nothing' }),
]);

describe('Router', () => {
  it('finds a route by method and path', () => {
    expect(find(router, 'GET', '/things')).toEqual(['GET /things', {}]);
    expect(find(router, 'POST', '/things')).toEqual(['POST /things', {}]);
    expect(find(router, 'GET', '/things/7')).toEqual(['GET /things/:id', { id: '7' }]);
    expect(find(router, 'DELETE', '/things/7/parts/8')).toEqual([
      'DELETE /things/:id/parts/:part',
      { id: '7', part: '8' },
    ]);
  });

  it('takes HEAD where it takes GET, and nowhere else', () => {
    expect(find(router, 'HEAD', '/things')).toEqual(['GET /things', {}]);
    expect(find(router, 'HEAD', '/things/7/parts/8')).toEqual([405, { allow: 'DELETE' }]);
  });

  it('decodes what stands for a placeholder, and nothing before that', () => {
    expect(find(router, 'GET', '/things/a%20b')).toEqual(['GET /things/:id', { id: 'a b' }]);
    expect(find(router, 'GET', '/things/a%2Fb')).toEqual(['GET /things/:id', { id: 'a/b' }]);
    expect(find(router, 'GET', '/things/%E2%82%AC')).toEqual(['GET /things/:id', { id: '€' }]);
    expect(find(router, 'GET', '/things/:id')).toEqual(['GET /things/:id', { id: ':id' }]);
    expect(find(router, 'GET', '/things/')).toEqual(['GET /things/:id', { id: '' }]);
    expect(find(router, 'GET', '/%74hings')).toEqual([404, {}]);
    for (const malformed of ['%', '%zz', '%e2%82', '%ff']) {
      expect(find(router, 'GET', `/things/${malformed}`)).toEqual([404, {}]);
    }
  });

  it('names the methods that a path takes', () => {
    expect(find(router, 'PUT', '/things')).toEqual([405, { allow: 'GET, POST' }]);
    expect(find(router, 'get', '/things')).toEqual([405, { allow: 'GET, POST' }]);
    expect(find(router, '', '/things/7')).toEqual([405, { allow: 'GET' }]);
  });

  it('finds nothing at any other path', () => {
    const paths = [
      '',
      '/',
      'things',
      '/things/7/',
      '//things',
      '/Things',
      '/things/7/parts',
      '/things?',
      '*',
    ];
    for (const path of paths) expect([path, find(router, 'GET', path)]).toEqual([path, [404, {}]]);
  });

  it('says what a path needs, whatever the method, and of any other path what most need', () => {
    expect(router.target('PUT', '/health')).toMatchObject({ needs: 'nothing', isPage: false });
    for (const path of ['/health/', '//health', '/HEALTH', '/health/..', '/health?', '/things', '', '/']) {
      expect([path, router.target('GET', path)]).toMatchObject([path, { needs: 'session', isPage: false }]);
    }
  });

  it('gives an upgrade to those that take one, and names them to others', () => {
    const take = (): void => {};
    const table = new Router([
      route('GET', '/a', { upgrade: take }),
      route('GET', '/b'),
      route('POST', '/a'),
    ]);
    expect(table.target('GET', '/a').upgrade().take).toBe(take);
    const refusal = (method: string, path: string): unknown => {
      try {
        return table.target(method, path).upgrade();
      } catch (error) {
        return error;
      }
    };
    expect(refusal('GET', '/b')).toMatchObject({ status: 400, message: '/b is no WebSocket: only /a is' });
    expect(refusal('POST', '/a')).toMatchObject({ status: 400 });
    expect(refusal('GET', '/c')).toMatchObject({ status: 404 });
  });

  it('answers any method and path with a route or with a problem', async () => {
    const segments = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'v1',
        'clients',
        'events',
        'healthz',
        ':id',
        '%00',
        '%',
        '..',
        '__proto__',
        'constructor',
      ),
    );
    const paths = fc.array(segments, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`);
    const methods = fc.oneof(fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'PUT'), fc.string());
    const table = new Router(routes);
    await fc.assert(
      fc.property(methods, paths, (method, path) => {
        const [first] = find(table, method, path) as [string | number];
        expect(typeof first === 'string' || first === 404 || first === 405).toBe(true);
        const weaker: Record<string, string> = { '/healthz': 'nothing', '/': 'link' };
        const { needs } = table.target(method, path);
        expect(needs).toBe(
          Object.hasOwn(weaker, path) ? weaker[path] : path === '/v1/links' ? 'token' : 'session',
        );
      }),
    );
  });
});
