import { EventEmitter } from 'node:events';
import { mkdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cleanUpWith, temporaryDirectory } from '../../test/support/cleanup.ts';
import { until } from '../../test/support/wait.ts';
import type { BackendFactory, HintSink, WatchBackend } from './backend.ts';
import { recursiveBackend } from './backend-recursive.ts';

interface Heard {
  readonly backend: WatchBackend;
  readonly hints: string[];
  /** Whether each was certain. */
  readonly doubts: boolean[];
  readonly failures: (string | undefined)[];
}

function listen(make: BackendFactory, root: string): Heard {
  const hints: string[] = [];
  const doubts: boolean[] = [];
  const failures: (string | undefined)[] = [];
  const sink: HintSink = {
    hint: (directory, name) => void hints.push(`${directory}/${name ?? '?'}`),
    hintItself: (directory) => void hints.push(`itself ${directory}`),
    passed: () => false,
    unheard: () => {},
    doubt: (certain) => void doubts.push(certain),
    ignores: () => false,
    failed: (_directory, { code }) => void failures.push(code),
  };
  const backend = make(root, sink);
  cleanUpWith(() => backend.close(true));
  return { backend, hints, doubts, failures };
}

const here = {
  platform: process.platform,
  watch: (root: string) => watch(root, { recursive: true }),
  retryMs: 20,
};

describe('the recursive backend', () => {
  it('hints at what is below, however deep, by the name and its directory', async () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, 'a/b'), { recursive: true });
    const { backend, hints } = listen(recursiveBackend(here), root);
    await backend.start();
    expect(backend.watches).toBe(1);
    writeFileSync(join(root, 'top'), '');
    writeFileSync(join(root, 'a/b/deep'), '');
    await until('both', () => hints.includes('/top') && hints.includes('a/b/deep'));
  });

  it.each([
    ['darwin', 1],
    ['win32', 0],
    ['linux', 0],
  ] as const)(
    'on %s has other roots crawled when one comes or goes: %i time each',
    async (platform, times) => {
      const make = recursiveBackend({ ...here, platform });
      const [first, second, third] = [1, 2, 3].map(() => listen(make, temporaryDirectory()));
      if (first === undefined || second === undefined || third === undefined) throw new Error('unreachable');
      await first.backend.start();
      await second.backend.start();
      // One that does not watch yet has nothing to lose, nor has the one that is new.
      expect([first, second, third].map(({ doubts }) => doubts.length)).toEqual([times, 0, 0]);
      await second.backend.close(false);
      expect([first, second, third].map(({ doubts }) => doubts.length)).toEqual([2 * times, 0, 0]);
      expect(first.doubts.includes(true)).toBe(false);
    },
  );

  it('tries a root again that is not there, and has what it missed crawled', async () => {
    const root = join(temporaryDirectory(), 'later');
    const { backend, hints, doubts, failures } = listen(recursiveBackend(here), root);
    await backend.start();
    expect(backend.watches).toBe(0);
    mkdirSync(root);
    await until('a watch', () => backend.watches === 1);
    expect(doubts).toContain(false);
    expect(failures).toEqual([]);
    writeFileSync(join(root, 'f'), '');
    await until('a hint', () => hints.includes('/f'));
  });

  it('watches the root that is there when it is rearmed', async () => {
    const root = join(temporaryDirectory(), 'root');
    mkdirSync(root);
    const { backend, hints } = listen(recursiveBackend(here), root);
    await backend.start();
    rmSync(root, { recursive: true });
    mkdirSync(root);
    await Promise.all([backend.rearm(''), backend.rearm(''), backend.rearm('')]);
    hints.length = 0;
    writeFileSync(join(root, 'f'), '');
    await until('a hint', () => hints.includes('/f'));
    expect(backend.watches).toBe(1);
  });

  it('gives no hint after it was closed, and does not try again', async () => {
    const root = temporaryDirectory();
    const make = recursiveBackend(here);
    const [first, gone] = [listen(make, root), listen(make, join(root, 'gone'))];
    for (const { backend } of [first, gone]) {
      await backend.start();
      await backend.close(true);
    }
    const other = listen(make, root);
    await other.backend.start();
    writeFileSync(join(root, 'f'), '');
    await until('a hint of another', () => other.hints.includes('/f'));
    expect(first.hints).toEqual([]);
    expect([first, gone].map(({ backend }) => backend.watches)).toEqual([0, 0]);
  });
});

/** A watch that gives what it is made to. */
class HandMade extends EventEmitter {
  isClosed = false;

  close(): void {
    this.isClosed = true;
  }
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

describe.each([
  ['darwin', '/Users/me/project'],
  ['win32', 'C:\\Users\\me\\project'],
] as const)('what %s gives for the root %s', (platform, root) => {
  const sep = platform === 'win32' ? '\\' : '/';

  async function begin(): Promise<Heard & { watches: HandMade[]; give: (name: string | null) => string[] }> {
    const watches: HandMade[] = [];
    const make = recursiveBackend({
      ...here,
      platform,
      watch: () => {
        watches.push(new HandMade());
        return watches.at(-1) as HandMade;
      },
    });
    const heard = listen(make, root);
    await heard.backend.start();
    const give = (name: string | null): string[] => {
      heard.hints.length = 0;
      watches.at(-1)?.emit('change', 'rename', name);
      return heard.hints;
    };
    return { ...heard, watches, give };
  }

  it('names an entry, relative or whole', async () => {
    const { give } = await begin();
    expect(give('file')).toEqual(['/file']);
    expect(give(`a${sep}b${sep}file`)).toEqual(['a/b/file']);
    expect(give(`${root}${sep}a${sep}file`)).toEqual(['a/file']);
    expect(give('..almost')).toEqual(['/..almost']);
    // Its bytes can't be known: the directory has to be listed.
    expect(give(`a${sep}\uFFFD`)).toEqual(['a/?']);
  });

  it('never names an entry that is not in the root, but the root itself', async () => {
    const { give } = await begin();
    const places = [
      '',
      root,
      '..',
      `..${sep}other`,
      `..${sep}..${sep}x`,
      `${root}2${sep}x`,
      `${root}${sep}..${sep}x`,
    ];
    for (const place of places) expect([place, ...give(place)]).toEqual([place, 'itself ']);
    if (platform === 'win32') expect(give('D:\\elsewhere')).toEqual(['itself ']);
  });

  it('without a name is a loss: certain where the system says so by that', async () => {
    const { give, doubts } = await begin();
    expect(give(null)).toEqual([]);
    expect(doubts).toEqual([platform === 'win32']);
  });

  it('with an error is reported once, and tried again with a crawl', async () => {
    const { backend, watches, doubts, failures, give } = await begin();
    watches[0]?.emit('error', failure('EPERM'));
    expect([backend.watches, watches[0]?.isClosed, failures]).toEqual([0, true, ['EPERM']]);
    await until('another watch', () => watches.length === 2);
    expect([backend.watches, failures, doubts]).toEqual([1, ['EPERM'], [false]]);
    expect(give('file')).toEqual(['/file']);
    // The old one is past.
    watches[0]?.emit('change', 'rename', 'late');
    watches[0]?.emit('error', failure('EPERM'));
    expect(failures).toEqual(['EPERM']);
  });

  it('is not tried again when the system has no more watches: that is for another backend', async () => {
    const { backend, watches, failures } = await begin();
    watches[0]?.emit('error', failure('EMFILE'));
    expect([backend.watches, failures]).toEqual([0, ['EMFILE']]);
  });

  it('goes on from a root that is replaced, but not for a directory below it', async () => {
    const { backend, watches } = await begin();
    await backend.rearm('a/b');
    expect(watches.length).toBe(1);
    await Promise.all([backend.rearm(''), backend.rearm('')]);
    expect(watches.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });
});
