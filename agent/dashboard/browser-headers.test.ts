import { describe, expect, it } from '@jest/globals';
import { pageHeaders } from './browser-headers.ts';

/** Where the page may connect to, as its policy says it. */
function connections(host: string | undefined): string | undefined {
  return /connect-src ([^;]*);/.exec(pageHeaders(host)['content-security-policy'] ?? '')?.[1];
}

describe('the policy of the page', () => {
  it('names its own WebSockets, and lets no host write directives', () => {
    expect(connections('127.0.0.1:5520')).toBe("'self' ws://127.0.0.1:5520");
    expect(connections('dev.example')).toBe("'self' ws://dev.example");
    for (const host of [undefined, '', '[::1]:5520', 'x; script-src *', 'x *', 'x, y', "x'"])
      expect([host, connections(host)]).toEqual([host, "'self'"]);
  });
});
