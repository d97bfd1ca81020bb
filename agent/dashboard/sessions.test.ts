import { describe, expect, it } from '@jest/globals';
import { Sessions } from './sessions.ts';

const token = 'A'.repeat(43);
const host = '127.0.0.1:5520';
const hourMs = 60 * 60_000;

/** The `name=value` that a browser sends for a Set-Cookie. */
function sent(setCookie: string): string {
  return setCookie.split(';')[0] ?? '';
}

describe('a session', () => {
  it('is a cookie that only the browser reads, and only for pages of this site', () => {
    const setCookie = new Sessions(token, 'default').begin(host);
    expect(setCookie).toMatch(
      /^devagent_5520=\d+\.[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(setCookie).not.toContain(token);
  });

  it('lasts twelve hours', () => {
    const clock = { ms: 1_800_000_000_000 };
    const sessions = new Sessions(token, 'default', () => clock.ms);
    const cookie = sent(sessions.begin(host));
    const endsAtMs = clock.ms + 12 * hourMs;
    expect(sessions.endOf(cookie, host)).toBe(endsAtMs);
    clock.ms = endsAtMs - 1;
    expect(sessions.endOf(cookie, host)).toBe(endsAtMs);
    clock.ms = endsAtMs;
    expect(sessions.endOf(cookie, host)).toBeUndefined();
  });

  it('that would last longer than one does is none: the clock was wrong', () => {
    const clock = { ms: 1_800_000_000_000 };
    const sessions = new Sessions(token, 'default', () => clock.ms);
    const cookie = sent(sessions.begin(host));
    clock.ms -= hourMs;
    expect(sessions.endOf(cookie, host)).toBeUndefined();
  });

  it('is known to whoever has the token and the name, and to nobody else', () => {
    const cookie = sent(new Sessions(token, 'default').begin(host));
    expect(new Sessions(token, 'default').endOf(cookie, host)).toBeGreaterThan(Date.now());
    expect(new Sessions('B'.repeat(43), 'default').endOf(cookie, host)).toBeUndefined();
    expect(new Sessions(token, 'web').endOf(cookie, host)).toBeUndefined();
  });

  it('is not what was changed in any place', () => {
    const sessions = new Sessions(token, 'default');
    const cookie = sent(sessions.begin(host));
    const start = cookie.indexOf('=') + 1;
    // The last letter of base64url carries bits that are no part of the MAC.
    for (let at = start; at < cookie.length - 1; at += 1) {
      const changed = cookie[at] === '1' ? '2' : '1';
      expect(sessions.endOf(cookie.slice(0, at) + changed + cookie.slice(at + 1), host)).toBeUndefined();
    }
    for (const value of ['', '.', `${cookie.slice(start)}A`, ` ${'1'.repeat(10)}.${'A'.repeat(43)}`])
      expect(sessions.endOf(`devagent_5520=${value}`, host)).toBeUndefined();
  });

  it('is found among other cookies, also others of its name', () => {
    const sessions = new Sessions(token, 'default');
    const cookie = sent(sessions.begin(host));
    for (const cookies of [
      `a=b; ${cookie}; c=d`,
      `devagent_5520=forged; ${cookie}`,
      `${cookie};devagent_5520=forged`,
    ])
      expect(sessions.endOf(cookies, host)).toBeDefined();
    for (const cookies of [undefined, '', 'devagent_5520', `x${cookie}`, cookie.replace('5520', '5521')])
      expect(sessions.endOf(cookies, host)).toBeUndefined();
  });

  it('is named after the port that the browser sees', () => {
    const sessions = new Sessions(token, 'default');
    expect(sent(sessions.begin('localhost:8080'))).toMatch(/^devagent_8080=/);
    expect(sent(sessions.begin('[::1]:8080'))).toMatch(/^devagent_8080=/);
    expect(sent(sessions.begin('dev.example'))).toMatch(/^devagent_80=/);
  });
});
