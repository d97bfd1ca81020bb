import { describe, expect, it } from '@jest/globals';
import { readRequestPath, urlPathOf } from './request-path.ts';

describe("a request's path", () => {
  it.each<[string, string[], boolean]>([
    ['/', [], true],
    ['/a/b.html', ['a', 'b.html'], false],
    ['/a/', ['a'], true],
    ['//evil.test/', ['evil.test'], true],
    ['/a/./b', ['a', 'b'], false],
    ['/a/.', ['a'], true],
    ['/a%20b/%C3%BC', ['a b', 'ü'], false],
    // Decoded once: a name that nobody has, and no way up.
    ['/%252e%252e/x', ['%2e%2e', 'x'], false],
    ['/...', ['...'], false],
  ])('%s is read', (target, names, isDirectory) => {
    expect(readRequestPath(target)).toEqual({ names, isDirectory, query: '' });
  });

  it('keeps the query apart', () => {
    expect(readRequestPath('/a?b=../c?d')).toEqual({ names: ['a'], isDirectory: false, query: '?b=../c?d' });
  });

  it.each([
    '',
    '*',
    'http://evil.test/',
    '/..',
    '/../x',
    '/a/../../x',
    '/%2e%2e/x',
    '/.%2E/x',
    '/%2e./x',
    '/..%2fx',
    '/a%2f..%2fx',
    '/..\\x',
    '/a\\..\\x',
    '/..%5cx',
    '/a%00.html',
    '/%00',
    '/%',
    '/%zz',
    '/%c0%ae%c0%ae/x',
    '/%ff',
  ])('%s is none', (target) => {
    expect(readRequestPath(target)).toBeUndefined();
  });
});

it('names become a path that leads nowhere else', () => {
  expect(urlPathOf(['a b', '%2e', '?#', 'ü'])).toBe('/a%20b/%252e/%3F%23/%C3%BC');
});
