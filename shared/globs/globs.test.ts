import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import picomatch from 'picomatch';
import { compileGlobs, globLimits, objectionToGlobs } from './index.ts';

const matches = (glob: string, path: string): boolean => compileGlobs([glob])(path);

/** As globs were matched before, but without the guard that reads extended globs to the letter. */
const options = { dot: true, flags: 's', debug: true, maxExtglobRecursion: false } as const;

/** picomatch's regular expression; undefined where it has none, or where one of the known differences shows. */
function reference(glob: string): ((path: string) => boolean) | undefined {
  // A question mark at the beginning of a group is literal to picomatch, "..." in braces is none of its ranges, and
  // three stars before a group are no extended glob; `*.*` wants a character behind the dot as long as it stands alone.
  if (glob.includes('(?') || glob.includes('..') || /\*{3}\(|\*\.\*/.test(glob)) return undefined;
  // Its expressions backtrack: these could take for ever.
  if ((glob.match(/[*+]\(/g) ?? []).length > 2 || (glob.match(/\*/g) ?? []).length > 7) return undefined;
  let source: string;
  try {
    ({ source } = picomatch.makeRe(glob, options) as RegExp);
  } catch {
    return undefined;
  }
  // Where it rewrites an expression it forgets that a dot was literal.
  if (/[^\\=).[]\.(?!\*)|\)\.(?!\))/.test(source)) return undefined;
  return picomatch(glob, options);
}

const text = fc.constantFrom('a', 'b', 'ab', '.', 'a.b', 'c', '-', 'é');
const atom = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 3, arbitrary: fc.constantFrom('*', '?', '**', '***') },
  fc.constantFrom('[ab]', '[a-c]', '[^a]', '[^ab]', '[[:alpha:]]', '[.a]', '[b]'),
  fc.constantFrom('\\*', '\\[', '{a..c}', '{1..3}', '{3..1}'),
);
const { glob: randomGlob } = fc.letrec<{ piece: string; part: string; glob: string }>((tie) => {
  const options = (open: string, separator: string) =>
    fc
      .array(fc.oneof(tie('part'), fc.constant('')), { minLength: 1, maxLength: 3 })
      .map((list) => `${open}${list.join(separator)}${open === '{' ? '}' : ')'}`);
  return {
    piece: fc.oneof(
      { maxDepth: 2, depthIdentifier: 'glob' },
      { weight: 4, arbitrary: atom },
      options('{', ','),
      options('@(', '|'),
      options('?(', '|'),
      options('*(', '|'),
      options('+(', '|'),
      options('!(', '|'),
    ),
    part: fc
      .tuple(
        fc.array(tie('piece'), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', '', '', '/a', '/*', '/**'),
      )
      .map(([pieces, more]) => pieces.join('') + more),
    glob: fc
      .tuple(
        fc.constantFrom('', '', '', '', '!', './'),
        fc.array(fc.oneof({ weight: 3, arbitrary: tie('part') }, fc.constant('**')), {
          minLength: 1,
          maxLength: 4,
        }),
      )
      .map(([prefix, parts]) => prefix + parts.join('/')),
  };
});
const name = fc
  .array(fc.constantFrom('a', 'b', 'c', '.', 'ab', '-', 'é', '1', '['), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(''))
  .filter((part) => part !== '.' && part !== '..');
const randomPath = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));

it('matches as picomatch does, but for what docs/protocol.md lists', () => {
  const paths = fc.sample(randomPath, { numRuns: 60, seed: 1 });
  fc.assert(
    fc.property(randomGlob, fc.array(randomPath, { minLength: 20, maxLength: 20 }), (glob, more) => {
      const expected = reference(glob);
      fc.pre(expected !== undefined);
      const actual = compileGlobs([glob]);
      for (const path of [...paths, ...more, glob.replace(/^(!|\.\/)/, '')]) {
        if (/^\/|\/$|\/\/|(^|\/)\.{1,2}(\/|$)/.test(path) || path === '') continue;
        if (actual(path) !== expected(path)) {
          throw new Error(
            `${JSON.stringify(glob)} on ${JSON.stringify(path)}: ${!expected(path)}, picomatch ${expected(path)}`,
          );
        }
      }
    }),
    { numRuns: 500 },
  );
});

it.each([
  // What is meant, not what the regular expression of it happens to say.
  ['[!a]', 'b', true],
  ['[!a]', 'a', false],
  ['[!a]', '!', true],
  ['[^[:alpha:]]', '1', true],
  ['{1..12}', '12', true],
  ['{1..12}', '13', false],
  ['{1..12}', '0', false],
  ['{08..12}', '09', true],
  ['{08..12}', '9', false],
  ['{-3..2}', '-3', true],
  ['{-3..2}', '-4', false],
  ['{-3..2}', '0', true],
  ['v{1..100000000}.txt', 'v99999999.txt', true],
  ['v{1..100000000}.txt', 'v100000001.txt', false],
  ['*.*', 'a.', true],
  ['a{1..2}.b', 'a1xb', false],
  ['+(a|aa)', 'aaa', true],
  ['+(+(a))b', 'aab', true],
  ['@(?)x', 'ax', true],
  ['\\d', 'd', true],
  ['\\d', '7', false],
  ['x/a|b', 'b', false],
  ['*.@(c++|h)', 'x.c++', true],
  // Named to the letter.
  ['[id].tsx', '[id].tsx', true],
  ['pages/[id].tsx', 'pages/i.tsx', true],
  ['{a', '{a', true],
  ['a)b', 'a)b', true],
  ['"a*"', 'a*', true],
  ['a"b', 'a"b', true],
  ['*\n', 'a\n', true],
  ['ab', 'abc', false],
  // Read from the end, what is in the middle must not overlap what is at the ends.
  ['ab*ba', 'aba', false],
  ['a/**/a', 'a/a', true],
  ['a/**/a', 'a', false],
  ['a/**', 'a', true],
  ['*/**', 'a', false],
  ['**/b/**', 'b', true],
  ['**/b/**', 'ab/c', false],
  ['????-??-??*', '2024-01-02.log', true],
  ['????-??-??*', '2024-1-02.log', false],
  ['!(*.d).ts', 'a.d.ts', false],
  ['!(*.d).ts', 'a.ts', true],
])('%j on %j: %j', (glob, path, expected) => {
  expect(matches(glob, path)).toBe(expected);
});

it.each(
  [
    ['', 'a glob is empty'],
    ['a\0', 'NUL'],
    ['a\\', 'backslash'],
    ['[z-a]', 'backwards'],
    ['[[:letters:]]', '[:letters:]'],
    ['(?=a)b', 'regular expression'],
    ['{1..9..2}', '1..9..2'],
    ['('.repeat(40) + ')'.repeat(40), '32 deep'],
    [`*${'[ab]'.repeat(600)}*`, 'too complex'],
    ['a'.repeat(4097), 'longer than 4096'],
  ].map(([glob = '', why = '']) => [glob.slice(0, 20), glob, why] as const),
)('refuses %j, and says why', (_, glob, why) => {
  const objection = objectionToGlobs(['ok', glob]);
  expect(objection).toContain(why);
  if (glob !== '') expect(objection).toContain(glob.slice(0, 70));
});

it('bounds what the globs of a list may cost together', () => {
  const slow = (count: number) => Array.from({ length: count }, (_, i) => `**/*a${'?'.repeat(15)}${i}*`);
  expect(objectionToGlobs(slow(10))).toBeUndefined();
  expect(objectionToGlobs(slow(100))).toContain('too complex together');
  const long = Array.from({ length: 20 }, (_, i) => `${i}${'a'.repeat(2000)}`);
  expect(objectionToGlobs(long)).toContain(
    `longer than ${globLimits.charactersTogether} characters together`,
  );
  // Ordinary ones are cheap however many there are.
  const endings = '{ts,tsx,js,jsx,mjs,cjs,mts,cts,json,css,scss,less,html,vue,svelte,md,mdx}';
  const ordinary = Array.from({ length: 100 }, (_, i) => `packages/p${i}/**/*.${endings}`);
  expect(objectionToGlobs(ordinary)).toBeUndefined();
  const automata = Array.from({ length: 100 }, (_, i) => `packages/*/src${i}/**/test/*.spec.ts`);
  expect(objectionToGlobs(automata)).toBeUndefined();
});

// Each took a backtracking matcher minutes, or the age of the universe.
it.each(
  [
    [`${'*a'.repeat(20)}b`, 'a'.repeat(255)],
    ['(a+)+b', 'a'.repeat(255)],
    ['+(+(+(a)))b', 'a'.repeat(4000)],
    ['+(*a*)b', 'a'.repeat(4000)],
    ['**/*a*/**/*a*/**/*b', `${'aa/'.repeat(1300)}a`],
    [`${'**/*/'.repeat(60)}x`, `${'a/'.repeat(2000)}y`],
    [`${'?(a)'.repeat(200) + 'a'.repeat(200)}b`, 'a'.repeat(255)],
    ['*(*(*(*(*(a|b)|c)|d)|e)|f)x', 'abcdef'.repeat(600)],
    ['!(!(!(!(*a*)*b)*c)*d)x', 'abcd'.repeat(1000)],
    ['{a,b}'.repeat(40), 'ab'.repeat(2000)],
    [`**/*@(a|b)${'?'.repeat(400)}*`, 'ab'.repeat(2000)],
    ['{1..1000000000000}x', '9'.repeat(4000)],
  ].map(([glob = '', path = '']) => [glob.slice(0, 20), glob, path] as const),
)('takes a bounded number of steps: %s', (_, glob, path) => {
  const test = compileGlobs([glob]);
  test(path);
  const startedMs = performance.now();
  for (let times = 0; times < 3; times++) test(path);
  // Far above what it takes on a busy machine, and far below what backtracking takes.
  expect((performance.now() - startedMs) / 3).toBeLessThan(500);
});
