import { describe, expect, it } from '@jest/globals';
import { allowConnection, allowInMeta } from './policy.ts';

describe("a page's own policy", () => {
  it.each([
    ["default-src 'self'", "default-src 'self'"],
    [
      "script-src 'nonce-x' 'strict-dynamic'; object-src 'none'",
      "script-src 'nonce-x' 'strict-dynamic'; object-src 'none'",
    ],
    ["default-src 'none'", "connect-src 'self'; default-src 'none'"],
    ["Connect-Src 'NONE'; default-src 'self'", "connect-src 'self'; default-src 'self'"],
    [
      "default-src 'self'; connect-src https://a.test",
      "default-src 'self'; connect-src https://a.test 'self'",
    ],
    [
      'img-src a; default-src https: b.test',
      "img-src a; connect-src https: b.test 'self'; default-src https: b.test",
    ],
    ["connect-src 'self'; connect-src 'none'", "connect-src 'self'; connect-src 'none'"],
    ["connect-src; connect-src 'self'", "connect-src 'self'; connect-src 'self'"],
    ['', ''],
  ])('%s lets it connect as %s', (policy, expected) => {
    expect(allowConnection(policy)).toBe(expected);
  });

  it.each([
    ['<meta charset=utf-8>', '<meta charset=utf-8>'],
    ['<meta http-equiv=refresh content="5">', '<meta http-equiv=refresh content="5">'],
    [
      "<meta http-equiv=Content-Security-Policy content='default-src &apos;none&#39;' />",
      "<meta http-equiv=Content-Security-Policy content=\"connect-src 'self'; default-src 'none'\" />",
    ],
    [
      '<meta content="connect-src http://a.test/?a&amp;b" http-equiv="content-security-policy">',
      '<meta content="connect-src http://a.test/?a&amp;b \'self\'" http-equiv="content-security-policy">',
    ],
    ['<meta http-equiv=Content-Security-Policy content="default-src&nbsp;x">', undefined],
  ])('%s becomes %s', (tag, expected) => {
    expect(allowInMeta(tag)).toBe(expected);
  });
});
