// The pass by which the open dashboard asks: other servers under its host name can take its cookie away.
import { describe, expect, it } from '@jest/globals';
import type { TestAgent } from './support/agent.ts';
import { ask, forge, logIn, secondsFromNow, verdict } from './support/dashboard-requests.ts';
import { openRaw, type RawAnswer, rawRequest, upgradeHeaders } from './support/raw-http.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

function ownOrigin(agent: TestAgent): string {
  return `Origin: http://127.0.0.1:${agent.port}`;
}

/** Asks for the pass with what a request can show. */
function renew(agent: TestAgent, shown: string): Promise<RawAnswer> {
  return ask(agent, 'POST /dashboard/session', [ownOrigin(agent), shown, 'Content-Length: 0']);
}

async function passOf(agent: TestAgent, cookie: string): Promise<string> {
  const { status, body } = await renew(agent, cookie);
  expect(status).toBe(200);
  return (JSON.parse(body) as { pass: string }).pass;
}

const shared = sharedAgent();

describe('the pass of a session', () => {
  it("counts for the agent's own page alone, and for what a session does", async () => {
    const agent = shared();
    const pass = await passOf(agent, await logIn(agent));
    expect(pass).not.toContain(agent.token);
    const bearer = `Authorization: Bearer ${pass}`;
    const own = ownOrigin(agent);
    const upgrade = `GET /v1/events?token=${pass}`;
    const post = ['Content-Type: text/plain', 'Content-Length: 0'];
    const rows: readonly (readonly [line: string, headers: readonly string[], expected: string])[] = [
      ['GET /v1/status', [bearer], '200'],
      ['GET /v1/status', [bearer, 'Sec-Fetch-Site: same-origin'], '200'],
      ['POST /v1/messages', [bearer, own, ...post], '200'],
      ['POST /v1/messages', [bearer, own, 'Sec-Fetch-Site: same-origin', ...post], '200'],
      ['GET /v1/events', [bearer, own, ...upgradeHeaders], '101'],
      [upgrade, [own, ...upgradeHeaders], '101'],
      // Others' pages, and whoever does not say whose page it is.
      ['GET /v1/status', [bearer, 'Sec-Fetch-Site: same-site'], '403 origin_refused'],
      ['GET /v1/status', [bearer, 'Origin: http://127.0.0.1:1'], '403 origin_refused'],
      ['POST /v1/messages', [bearer, ...post], '403 origin_refused'],
      ['POST /v1/messages', [bearer, 'Origin: http://127.0.0.1:1', ...post], '403 origin_refused'],
      ['POST /v1/messages', [bearer, own, 'Sec-Fetch-Site: cross-site', ...post], '403 origin_refused'],
      [upgrade, upgradeHeaders, '403 origin_refused'],
      [upgrade, ['Origin: http://127.0.0.1:1', ...upgradeHeaders], '403 origin_refused'],
      // What leads to more than a session has.
      ['POST /v1/links', [bearer, own, ...post], '401 token_required'],
      // In an address it is kept and shown: nothing but a WebSocket needs it there.
      [`GET /v1/status?token=${pass}`, [own], '401 token_required'],
      [`GET /?token=${pass}`, ['Sec-Fetch-Site: none'], '401 token_required'],
    ];
    for (const [line, headers, expected] of rows)
      expect([line, headers, verdict(await ask(agent, line, headers))]).toEqual([line, headers, expected]);

    // Under another name of this machine it is another page's.
    const connection = await openRaw(agent);
    connection.write(rawRequest('GET /v1/status HTTP/1.1', [`Host: localhost:${agent.port}`, bearer]));
    expect(verdict(await connection.answer())).toBe('401 token_required');
  });

  it('is given for a session, lasts as long, and gets the cookie back', async () => {
    const agent = shared();
    const endsAt = secondsFromNow(3600);
    const pass = await passOf(agent, forge(agent, endsAt));
    expect(pass).toMatch(new RegExp(`^${endsAt}\\.`));
    const again = await renew(agent, `Authorization: Bearer ${pass}`);
    expect(JSON.parse(again.body)).toEqual({ pass });
    const cookie = forge(agent, endsAt).slice('Cookie: '.length);
    const [value, ...attributes] = (again.headers['set-cookie'] ?? '').split('; ');
    expect([value, ...attributes.filter((it) => !it.startsWith('Max-Age'))]).toEqual([
      cookie,
      'Path=/',
      'HttpOnly',
      'SameSite=Strict',
    ]);
    expect(again.headers['cache-control']).toBe('no-store');

    const asked = async (...headers: readonly string[]) =>
      verdict(await ask(agent, 'GET /v1/status', headers));
    // Neither is good in the other's place.
    expect(await asked(`Cookie: devagent_${agent.port}=${pass}`)).toBe('401 token_required');
    expect(await asked(`Authorization: Bearer ${cookie.split('=')[1]}`)).toBe('401 token_required');
    expect(await asked(`Authorization: Bearer ${pass.replace(/^\d+/, String(endsAt + 60))}`)).toBe(
      '401 token_required',
    );
    // Whatever stands there that is none leaves the cookie to count.
    expect(await asked('Authorization: Bearer x', `Cookie: ${cookie}`)).toBe('200');
    // Another page does not get it, even with the cookie that its browser sends for it.
    for (const origin of [`Origin: http://127.0.0.1:1`, 'Sec-Fetch-Site: same-origin']) {
      const other = await ask(agent, 'POST /dashboard/session', [
        origin,
        `Cookie: ${cookie}`,
        'Content-Length: 0',
      ]);
      expect([origin, verdict(other), other.headers['set-cookie']]).toEqual([
        origin,
        '403 origin_refused',
        undefined,
      ]);
    }
    // Whoever needs none gets none.
    expect((await renew(agent, `Authorization: Bearer ${agent.token}`)).body).toBe('{}\n');
    expect((await agent.request('/dashboard/session', { method: 'POST' })).text).toBe('{}\n');
    const short = await passOf(agent, forge(agent, secondsFromNow(1)));
    await until('its end', async () => (await asked(`Authorization: Bearer ${short}`)) !== '200');
  });
});
