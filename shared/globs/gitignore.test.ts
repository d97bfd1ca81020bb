import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { temporaryDirectory } from '../../test/support/cleanup.ts';
import { type GitignoreFile, parseGitignore } from './index.ts';

const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

function parsed(text: string): GitignoreFile {
  const steps = parseGitignore(bytesOf(text));
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Text of .gitignore files by directory, '' for the top. */
type Rules = Readonly<Record<string, string>>;

/** Whether files ignore a path, and each directory above it, as a crawl asks: from the top. */
function ignoring(rules: Rules, isDirectory: (path: string) => boolean): (path: string) => boolean {
  const files = new Map(Object.entries(rules).map(([directory, text]) => [directory, parsed(text)]));
  const ignoresEntry = (names: readonly string[]): boolean => {
    for (let depth = names.length - 1; depth >= 0; depth--) {
      const ignored = files.get(names.slice(0, depth).join('/'))?.ignores({
        name: bytesOf(names.at(-1) ?? ''),
        directory: bytesOf(names.slice(depth, -1).join('/')),
        isDirectory: isDirectory(names.join('/')),
      });
      if (ignored !== undefined) return ignored;
    }
    return false;
  };
  return (path) => {
    const names = path.split('/');
    return names.some((_, index) => ignoresEntry(names.slice(0, index + 1)));
  };
}

const directories = ['', 'a', 'b', 'a/b', 'A', 'ab', 'a/b/c'];
const names = [
  ...['a', 'b', 'A', 'B', 'ab', 'aa', 'ba', 'c', 'abc', 'é', '*', '?', '#a', '!a', 'a ', '[a', 'a]'],
  ...['.a', 'a.b', '-', 'a*', '\\', 'a\\', 'ÿ', '[[:x:]]', 'a\tb'],
];
const paths = [
  ...directories.filter((directory) => directory !== ''),
  ...directories.flatMap((directory) =>
    names.map((name) => (directory === '' ? name : `${directory}/${name}`)),
  ),
];

const part = fc.array(
  fc.constantFrom(
    ...['a', 'b', 'A', 'ab', 'é', '.', '-', '#', '!', ' ', '*', '**', '***', '?', '\\', '\\*', '\\a', '\\ '],
    ...['[ab]', '[!a]', '[^b]', '[a-c]', '[a', '[]a]', '[a-]', '[z-a]', '[\\]a]', '[a\\-c]', '[+--]'],
    ...['[[:alpha:]]', '[[:upper:]b]', '[[:x:]]', '[[:alpha:]', '[[:digit:]-a]', '[![:space:]]'],
  ),
  { minLength: 1, maxLength: 3 },
);
const ruleLine = fc
  .tuple(
    fc.constantFrom('', '', '', '!', '#', '\\', ' '),
    fc.constantFrom('', '', '/', '//'),
    fc.array(fc.oneof({ weight: 3, arbitrary: part.map((atoms) => atoms.join('')) }, fc.constant('**')), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.constantFrom('', '', '/', '//', '  ', '\t', '\\'),
    fc.constantFrom('\n', '\n', '\n', '\r\n', '\n\n'),
  )
  .map(([sign, anchor, segments, end, lineBreak]) => sign + anchor + segments.join('/') + end + lineBreak);
const rulesText = fc
  .tuple(
    fc.constantFrom('', '', '', '\ufeff'),
    fc.array(ruleLine, { maxLength: 5 }),
    fc.constantFrom('', 'b', '*'),
  )
  .map(([mark, lines, last]) => mark + lines.join('') + last);
const randomRules = fc.record(
  { '': rulesText, a: rulesText, b: rulesText, 'a/b': rulesText },
  { requiredKeys: [''] },
);

describe('beside git', () => {
  let root = '';
  beforeEach(() => {
    root = temporaryDirectory();
    spawnSync('git', ['init', '-q', root]);
    for (const directory of directories) mkdirSync(join(root, directory), { recursive: true });
  });

  /** The paths that git ignores, with the line that says so. */
  function gitIgnores(rules: Rules): Map<string, string> {
    for (const directory of directories) rmSync(join(root, directory, '.gitignore'), { force: true });
    for (const [directory, text] of Object.entries(rules))
      writeFileSync(join(root, directory, '.gitignore'), text);
    const { stdout } = spawnSync(
      'git',
      ['-C', root, 'check-ignore', '--no-index', '-v', '-n', '-z', '--stdin'],
      {
        input: paths.map((path) => `${path}\0`).join(''),
      },
    );
    const fields = stdout.toString().split('\0');
    const ignored = new Map<string, string>();
    paths.forEach((path, index) => {
      const [source = '', line, pattern = '', said] = fields.slice(index * 4, index * 4 + 4);
      expect(said).toBe(path);
      if (source !== '' && !pattern.startsWith('!')) ignored.set(path, `${source}:${line}: ${pattern}`);
    });
    return ignored;
  }

  function expectAsGit(rules: Rules): void {
    const expected = gitIgnores(rules);
    const ignores = ignoring(rules, (path) => directories.includes(path));
    const differences = paths.flatMap((path) =>
      ignores(path) === expected.has(path) ? [] : [`${path}: git ${expected.get(path) ?? 'shows it'}`],
    );
    expect(differences).toEqual([]);
  }

  it('ignores what git ignores, for any lines, in any directory', () => {
    fc.assert(fc.property(randomRules, expectAsGit), { numRuns: 40 });
  });

  it.each<Rules>([
    { '': 'A\n*.B\n' },
    // What is literal in front of two stars is looked at apart.
    { '': 'a**/b\na/b**\n' },
    { '': 'a/**\n!a/b\n', a: '!b\nb/*\n' },
    { '': '**/a/**\n', a: '!b/\n!b/**\n' },
    { '': '*\n!*/\n!a\n' },
    { '': '[[:ascii:]]\n[[:word:]]\n' },
    { '': 'a\0b\n' },
  ])('ignores what git ignores: %j', expectAsGit);
});

it('finds a line among many, and the last one that matches', () => {
  const lines = Array.from(
    { length: 20_000 },
    (_, i) => `gen/out-${i}/*.tmp\nname-${i}\n*.e${i}\n/p/${i}/x\n`,
  );
  const ignores = ignoring({ '': `${lines.join('')}!gen/out-77/keep.tmp\n` }, () => false);
  const asked = ['gen/out-19999/a.tmp', 'gen/out-77/keep.tmp', 'x/name-500', 'x/b.e12345', 'p/9/x', 'p/9/y'];
  expect(asked.map(ignores)).toEqual([true, false, true, true, true, false]);
  expect(ignores('gen/out-5/a/b.tmp')).toBe(false);
});

it('says which line is the first that does not count, where there are too many that have to be tried', () => {
  const file = parsed(Array.from({ length: 20_000 }, (_, i) => `*${i}[0-9]?x\n`).join(''));
  expect(file.firstLeftOut).toBeGreaterThan(2000);
  expect(file.ignores({ name: 'a09zx', directory: '', isDirectory: false })).toBe(true);
  expect(parsed('*[0-9]?x\nname\n').firstLeftOut).toBeUndefined();
});

it('reads long lines, and many, in short steps', () => {
  for (const line of ['*[ab]', '[a', '[!]', '**/', '\\', '*?', 'a/', '[[:alpha:]]']) {
    for (const length of [4000, 8000, 400_000]) {
      const text = line.repeat(length / line.length);
      const steps = parseGitignore(text);
      let worstMs = 0;
      for (let done: boolean | undefined = false; done !== true; ) {
        const startedMs = performance.now();
        ({ done } = steps.next());
        worstMs = Math.max(worstMs, performance.now() - startedMs);
      }
      // Some 10 ms at rest; backtracking or repeated copying would take seconds.
      expect(worstMs).toBeLessThan(1000);
    }
  }
});

it('reads lines that are costly to compile in many steps', () => {
  const line = (index: number): string => `*x${index}*a????[0-9]?${'?'.repeat(20)}*\n`;
  const stepsOf = (lines: number): { steps: number; firstLeftOut: number | undefined } => {
    const reading = parseGitignore(Array.from({ length: lines }, (_, index) => line(index)).join(''));
    for (let steps = 1; ; steps++) {
      const step = reading.next();
      if (step.done === true) return { steps, firstLeftOut: step.value.firstLeftOut };
    }
  };
  expect(stepsOf(200)).toEqual({ steps: expect.any(Number), firstLeftOut: undefined });
  expect(stepsOf(200).steps).toBeGreaterThan(60);
  expect(stepsOf(3000).firstLeftOut).toBeGreaterThan(1000);
});
