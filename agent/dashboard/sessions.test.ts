import { describe, expect, it } from '@jest/globals';
import { Sessions, type ShownSession } from './sessions.ts';

const token = 'A'.repeat(43);
const host = '127.0.0.1:5520';
const hourMs = 60 * 60_000;

/** The `name=value` that a browser sends for a Set-Cookie. */
function sent(setCookie: string): string {
  return setCookie.split(';')[0] ?? '';
}

/** What of a request shows a session, where it shows cookies alone. */
function inCookies(cookies: string | undefined): ShownSession {
  return { cookies, pass: undefined };
}

describe('a session', () => {
  it('is a cookie that only the browser reads, and only for pages of this site', () => {
    const setCookie = new Sessions(token, 'default').cookie(host);
    expect(setCookie).toMatch(
      /^devagent_5520=\d+\.[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(setCookie).not.toContain(token);
  });

  it('lasts twelve hours', () => {
    const clock = { ms: 1_800_000_000_000 };
    const sessions = new Sessions(token, 'default', () => clock.ms);
    const cookie = sent(sessions.cookie(host));
    const endsAtMs = clock.ms + 12 * hourMs;
    expect(sessions.endOf(inCookies(cookie), host)).toBe(endsAtMs);
    clock.ms = endsAtMs - 1;
    expect(sessions.endOf(inCookies(cookie), host)).toBe(endsAtMs);
    clock.ms = endsAtMs;
    expect(sessions.endOf(inCookies(cookie), host)).toBeUndefined();
  });

  it('that would last longer than one does is none: the clock was wrong', () => {
    const clock = { ms: 1_800_000_000_000 };
    const sessions = new Sessions(token, 'default', () => clock.ms);
    const cookie = sent(sessions.cookie(host));
    clock.ms -= hourMs;
    expect(sessions.endOf(inCookies(cookie), host)).toBeUndefined();
  });

  it('is known to whoever has the token and the name, and to nobody else', () => {
    const cookie = sent(new Sessions(token, 'default').cookie(host));
    expect(new Sessions(token, 'default').endOf(inCookies(cookie), host)).toBeGreaterThan(Date.now());
    expect(new Sessions('B'.repeat(43), 'default').endOf(inCookies(cookie), host)).toBeUndefined();
    expect(new Sessions(token, 'web').endOf(inCookies(cookie), host)).toBeUndefined();
  });

  it('is not what was changed in any place', () => {
    const sessions = new Sessions(token, 'default');
    const cookie = sent(sessions.cookie(host));
    const start = cookie.indexOf('=') + 1;
    // The last letter of base64url carries bits that are no part of the MAC.
    for (let at = start; at < cookie.length - 1; at += 1) {
      const changed = cookie[at] === '1' ? '2' : '1';
      expect(
        sessions.endOf(inCookies(cookie.slice(0, at) + changed + cookie.slice(at + 1)), host),
      ).toBeUndefined();
    }
    for (const value of ['', '.', `${cookie.slice(start)}A`, ` ${'1'.repeat(10)}.${'A'.repeat(43)}`])
      expect(sessions.endOf(inCookies(`devagent_5520=${value}`), host)).toBeUndefined();
  });

  it('is found among other cookies, also others of its name', () => {
    const sessions = new Sessions(token, 'default');
    const cookie = sent(sessions.cookie(host));
    for (const cookies of [
      `a=b; ${cookie}; c=d`,
      `devagent_5520=forged; ${cookie}`,
      `${cookie};devagent_5520=forged`,
    ])
      expect(sessions.endOf(inCookies(cookies), host)).toBeDefined();
    for (const cookies of [undefined, '', 'devagent_5520', `x${cookie}`, cookie.replace('5520', '5521')])
      expect(sessions.endOf(inCookies(cookies), host)).toBeUndefined();
  });

  it('is named after the port that the browser sees', () => {
    const sessions = new Sessions(token, 'default');
    expect(sent(sessions.cookie('localhost:8080'))).toMatch(/^devagent_8080=/);
    expect(sent(sessions.cookie('[::1]:8080'))).toMatch(/^devagent_8080=/);
    expect(sent(sessions.cookie('dev.example'))).toMatch(/^devagent_80=/);
  });
});

describe('the pass of a session', () => {
  const clock = { ms: 1_800_000_000_000 };
  const sessions = new Sessions(token, 'default', () => clock.ms);
  const shown = (pass: string, to = sessions, at = host): number | undefined =>
    to.endOf({ cookies: undefined, pass }, at);

  it('ends when the session ends', () => {
    const endsAtMs = clock.ms + hourMs;
    const pass = sessions.pass(host, endsAtMs);
    expect(shown(pass)).toBe(endsAtMs);
    const later = new Sessions(token, 'default', () => endsAtMs);
    expect(shown(pass, later)).toBeUndefined();
    expect(shown(sessions.pass(host))).toBe(clock.ms + 12 * hourMs);
  });

  it('is for the page at one address, of one agent, and is no cookie', () => {
    const pass = sessions.pass(host);
    for (const other of ['127.0.0.1:5521', 'localhost:5520', '127.0.0.1'])
      expect(shown(pass, sessions, other)).toBeUndefined();
    expect(shown(pass, new Sessions(token, 'web', () => clock.ms))).toBeUndefined();
    expect(shown(pass, new Sessions('B'.repeat(43), 'default', () => clock.ms))).toBeUndefined();
    const cookie = sent(sessions.cookie(host));
    expect(shown(cookie.slice(cookie.indexOf('=') + 1))).toBeUndefined();
    expect(sessions.endOf(inCookies(`devagent_5520=${pass}`), host)).toBeUndefined();
  });

  it('leaves the cookie to count where it is none', () => {
    const cookies = sent(sessions.cookie(host));
    expect(sessions.endOf({ cookies, pass: 'x' }, host)).toBe(clock.ms + 12 * hourMs);
  });
});
