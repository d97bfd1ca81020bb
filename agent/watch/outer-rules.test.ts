// Rules from outside of the tree, as git has them: what a root in a repository shows is what git shows there.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanUpWith, temporaryDirectory } from '../../test/support/cleanup.ts';
import { git } from '../../test/support/git.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { directoriesBackend } from './backend-directories.ts';
import { eventsInto } from './fixtures/engine-events.ts';
import { RootEngine } from './root-engine.ts';

/** The kernel queues a hint before the change returns, and all that it has queued are read in one turn of the loop. */
async function hintsAreIn(): Promise<boolean> {
  for (let turn = 0; turn < 2; turn++) await nextTurn();
  return true;
}

/** A root's engine in this process. */
async function watch(root: string): Promise<{ shown(): Promise<string[]>; close(): Promise<void> }> {
  const engine = new RootEngine(
    root,
    directoriesBackend(hintsAreIn),
    { ignore: [], gitignore: true, settleMs: 4 },
    eventsInto([]),
    silentLog,
  );
  cleanUpWith(() => engine.close(true));
  await engine.start();
  return {
    async shown() {
      await engine.sync();
      const entries = await engine.withIndex(async (all) => [...all()]);
      return entries.flatMap(({ path, stat }) => (stat.kind === 'dir' ? [] : [path])).sort();
    },
    close: () => engine.close(true),
  };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Files of rules, by their paths from the top; `exclude` and `excludes` are the repository's and the user's. */
const places = ['exclude', '.gitignore', 'p/.gitignore', 'p/q/.gitignore', 'p/q/a/.gitignore'];
const directories = ['', 'a/', 'a/b/', 'b/', 'a /', 'node_modules/', 'a/node_modules/', 'q/', 'p/q/'];
const names = ['a.o', 'b.o', 'x', 'x ', 'é', '#x', '!x', 'out', 'a.b.o', '*'];

const segment = fc.constantFrom(
  ...[
    'a',
    'b',
    'p',
    'q',
    'x',
    'out',
    'é',
    '*',
    '**',
    '*.o',
    'a*',
    '?',
    '[ab]',
    '[!a]*',
    '\\*',
    '\\#x',
    '\\!x',
  ],
  ...['x\\ ', 'a ', 'node_modules', '*.b.o', '.*', 'n*'],
);
const line = fc
  .tuple(
    fc.constantFrom('', '', '!', '!', '#', ' '),
    fc.constantFrom('', '', '', '/', 'p/', '/p/', 'p/q/', '/p/q/', '**/', '*/'),
    fc.array(segment, { minLength: 1, maxLength: 2 }),
    fc.constantFrom('', '', '', '/', '/**', '/*', '  ', ' ', '\t'),
    fc.constantFrom('\n', '\n', '\r\n'),
  )
  .map(([sign, start, segments, end, lineBreak]) => sign + start + segments.join('/') + end + lineBreak);
const text = fc.array(line, { maxLength: 4 }).map((lines) => lines.join(''));
const edits = fc.dictionary(fc.constantFrom(...places), text, { maxKeys: 4 });

describe('beside git', () => {
  let top = '';
  let root = '';
  beforeEach(() => {
    top = temporaryDirectory();
    root = join(top, 'p/q');
    process.env['XDG_CONFIG_HOME'] = join(top, '.git/xdg');
    process.env['GIT_CONFIG_GLOBAL'] = devNull;
    git(top, 'init', '--quiet');
    for (const at of directories) for (const name of names) write(join(root, at + name), '');
  });

  function put(files: Readonly<Record<string, string>>): void {
    for (const [place, rules] of Object.entries(files)) {
      writeFileSync(join(top, place === 'exclude' ? '.git/info/exclude' : place), rules);
    }
  }

  /** What git shows in the root; undefined if it leaves out the root. */
  function shownByGit(excludes: string): string[] | undefined {
    // What git does not know is a rule before all others.
    writeFileSync(join(top, '.git/excludes'), `node_modules\n${excludes}`);
    const config = `core.excludesFile=${join(top, '.git/excludes')}`;
    const shown = git(root, '-c', config, 'ls-files', '-z', '--others', '--exclude-standard').split('\0');
    if (shown.length === 1) return undefined;
    return shown.filter((path) => path !== '').sort();
  }

  it('shows what git shows, whatever rules there are above the root, and however they are edited', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(text, edits, edits, async (excludes, before, after) => {
        put(Object.fromEntries(places.map((place) => [place, ''])));
        put(before);
        // The user's, where git looks for them unless it is told otherwise.
        write(join(top, '.git/xdg/git/ignore'), excludes);
        const engine = await watch(root);
        try {
          put(after);
          const shown = await engine.shown();
          const expected = shownByGit(excludes);
          // Of a root that is left out git shows nothing; but whoever watches it wants to see it.
          if (expected === undefined) return;
          compared += 1;
          expect(shown).toEqual(expected);
        } finally {
          await engine.close();
        }
      }),
      { numRuns: 80 },
    );
    expect(compared).toBeGreaterThan(30);
  });

  it('does not count a rule in a root that it leaves out, and counts the others', async () => {
    const cases: [Record<string, string>, string, string[]][] = [
      [{ '.gitignore': 'node_modules\n' }, 'p/q/node_modules', names.toSorted()],
      [{ '.gitignore': 'p/\n*.o\n' }, 'p/q/b', ['!x', '#x', '*', 'out', 'x', 'x ', 'é']],
      [{ '.gitignore': 'p/**\nx\n' }, 'p/q/b', ['!x', '#x', '*', 'a.b.o', 'a.o', 'b.o', 'out', 'x ', 'é']],
      [{ 'p/.gitignore': '*\n!*.o\n' }, 'p/q/b', names.toSorted()],
      [{ '.gitignore': 'b\n', exclude: '/p/q/b/*\n!/p/q/b/x\n' }, 'p/q/b', ['x']],
      [{ exclude: 'q\n', 'p/.gitignore': '[ax]*\n' }, 'p/q/b', ['!x', '#x', '*', 'b.o', 'out', 'é']],
    ];
    for (const [files, path, expected] of cases) {
      put(Object.fromEntries(places.map((place) => [place, ''])));
      put(files);
      const engine = await watch(join(top, path));
      expect(await engine.shown()).toEqual(expected);
      await engine.close();
    }
  });

  it('reads no file of rules that is none, and a linked one only outside of the work tree', async () => {
    write(join(top, 'rules'), '*.o\n');
    symlinkSync('rules', join(top, '.gitignore'));
    rmSync(join(top, '.git/info'), { recursive: true });
    mkdirSync(join(top, '.git/info/exclude'), { recursive: true });
    git(top, 'config', 'core.excludesFile', '/dev/zero');
    const engine = await watch(root);
    // Git itself refuses to work with a directory there.
    expect(await engine.shown()).toContain('a.o');
    rmSync(join(top, '.git/info'), { recursive: true });
    mkdirSync(join(top, '.git/info'));
    symlinkSync(join(top, 'rules'), join(top, '.git/info/exclude'));
    const shown = await engine.shown();
    expect(shown).toEqual(shownByGit(''));
    expect(shown).not.toContain('a.o');
    writeFileSync(join(top, 'rules'), '*.a\nx*\n');
    expect(await engine.shown()).toEqual(shownByGit(''));
  });

  it.each<[string, (top: string) => void]>([
    ['with a NUL in its path', (at) => writeFileSync(join(at, '.git'), 'gitdir: a\0b\n')],
    ['that is a directory of devices', (at) => writeFileSync(join(at, '.git'), 'gitdir: /dev\n')],
    ['that is a pipe', (at) => execFileSync('mkfifo', [join(at, '.git')])],
    [
      'full of pipes',
      (at) => {
        mkdirSync(join(at, '.git/info'), { recursive: true });
        execFileSync(
          'mkfifo',
          ['commondir', 'config', 'info/exclude'].map((path) => join(at, '.git', path)),
        );
      },
    ],
    ['that leads to itself', (at) => symlinkSync('.git', join(at, '.git'))],
  ])('is not held up by a git directory %s', async (_, make) => {
    rmSync(join(top, '.git'), { recursive: true });
    make(top);
    const engine = await watch(root);
    expect(await engine.shown()).toContain('a.o');
    await engine.close();
    make(root);
    const own = await watch(root);
    expect(await own.shown()).toContain('a.o');
  });
});

it('counts the excludes of each repository in it alone, wherever they are kept', async () => {
  const top = temporaryDirectory();
  process.env['XDG_CONFIG_HOME'] = join(top, 'xdg');
  process.env['GIT_CONFIG_GLOBAL'] = devNull;
  write(join(top, 'xdg/git/ignore'), '*.bak\n');
  for (const name of ['plain', 'main']) git(top, 'init', '--quiet', name);
  write(join(top, 'main/x.o'), '');
  git(join(top, 'main'), 'add', '--all');
  git(join(top, 'main'), 'commit', '--quiet', '--message', 'first');
  git(join(top, 'main'), 'worktree', 'add', '--quiet', '-b', 'other', join(top, 'tree'));
  git(
    join(top, 'main'),
    '-c',
    'protocol.file.allow=always',
    'submodule',
    '--quiet',
    'add',
    join(top, 'main'),
    'sub',
  );
  for (const at of ['plain', 'main', 'main/sub', 'tree', '.']) {
    for (const name of ['a.log', 'a.tmp', 'a.o', 'a.bak', 'keep']) write(join(top, at, name), '');
  }
  writeFileSync(join(top, 'main/.git/info/exclude'), '*.log\n');
  writeFileSync(join(top, 'main/.git/modules/sub/info/exclude'), '*.tmp\n');
  const engine = await watch(top);
  const shownIn = async (at: string): Promise<string[]> =>
    (await engine.shown()).flatMap((path) =>
      dirname(path) === at && /\/?(a\.|keep)/.test(path) ? [path.slice(at.length + 1)] : [],
    );
  const all = ['a.log', 'a.o', 'a.tmp', 'keep'];
  expect(await shownIn('plain')).toEqual(all);
  expect(await shownIn('main')).toEqual(['a.o', 'a.tmp', 'keep']);
  expect(await shownIn('tree')).toEqual(['a.o', 'a.tmp', 'keep']);
  expect(await shownIn('main/sub')).toEqual(['a.log', 'a.o', 'keep']);
  writeFileSync(join(top, 'main/.git/info/exclude'), '*.o\n');
  writeFileSync(join(top, 'plain/.git/info/exclude'), 'keep\n');
  expect(await shownIn('main')).toEqual(['a.log', 'a.tmp', 'keep']);
  expect(await shownIn('tree')).toEqual(['a.log', 'a.tmp', 'keep']);
  expect(await shownIn('main/sub')).toEqual(['a.log', 'a.o', 'keep']);
  expect(await shownIn('plain')).toEqual(['a.log', 'a.o', 'a.tmp']);
  rmSync(join(top, 'plain/.git/info/exclude'));
  symlinkSync(join(top, 'rules'), join(top, 'plain/.git/info/exclude'));
  writeFileSync(join(top, 'rules'), '*.tmp\n');
  expect(await shownIn('plain')).toEqual(['a.log', 'a.o', 'keep']);
  writeFileSync(join(top, 'rules'), '*.log\n');
  expect(await shownIn('plain')).toEqual(['a.o', 'a.tmp', 'keep']);
  // Git has no say outside of the repositories.
  expect(await engine.shown()).toEqual(expect.arrayContaining(['a.log', 'a.bak']));
});
