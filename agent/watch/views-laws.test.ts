// For random trees, rules, views and operations: what a view lists, and what it has reported since it was listed, is that view
// of the disk.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type ModelEntry, TreeModel } from '../../test/support/model.ts';
import { RandomOperations, randomFrom } from '../../test/support/random-operations.ts';
import { testSeed } from '../../test/support/seed.ts';
import { diskOf, Viewed } from './fixtures/viewed.ts';
import type { ViewRequest, WideView } from './views.ts';
import type { WatchSettings } from './watch-events.ts';

const directories = ['', '', 'n0', 'n1', 'n2', 'n0/n1', 'n1/n0'];
const rules = ['n0', 'n1/', '/n2', 'n3/n4', '/n0/n1', '!n0', '!n1', 'n5/', '*.tmp', 'n2/n3/'];
const globs = ['n0/**', 'n1/n2/**', 'n2/*', 'n3', 'n0/n1/n2', 'n4/n0/*.tmp', '{n5,n9}/**'];

/** A view that was opened, and what it holds beyond the default one. */
interface Opened {
  readonly view: WideView;
  readonly request: Partial<ViewRequest>;
}

/** The paths that a request without wildcards before them names. */
function namedBy({ match = [] }: Partial<ViewRequest>): string[] {
  return match.flatMap((glob) => {
    if (glob === '{n5,n9}/**') return ['n5', 'n9'];
    return [glob.replace(/\/\*.*$/, '')];
  });
}

class Round {
  readonly viewed: Viewed;
  private readonly random: () => number;
  private readonly operations: RandomOperations;
  private readonly opened: Opened[] = [];
  private readonly pending: Promise<unknown>[] = [];

  constructor(seed: number, settings: Partial<WatchSettings>) {
    this.viewed = new Viewed({ viewLingerMs: seed % 2 === 0 ? 1 : 40, ...settings });
    spawnSync('git', ['init', '-q', this.viewed.root]);
    this.random = randomFrom(seed ^ 0x5eed);
    this.operations = new RandomOperations(this.viewed.root, seed);
    writeFileSync(join(this.viewed.root, '.gitignore'), this.someRules());
    this.operate(20);
  }

  operate(steps: number): void {
    for (let step = 0; step < steps; step++) {
      if (this.random() < 0.15) this.editRules();
      else this.operations.step();
    }
  }

  /** Opens or releases a view; what comes of it is not waited for. */
  changeViews(): void {
    const [oldest] = this.opened;
    if (oldest !== undefined && (this.opened.length >= 4 || this.random() < 0.3)) {
      this.opened.shift();
      this.viewed.watcher.release(oldest.view);
      return;
    }
    const request = this.random() < 0.4 ? { ignored: true } : { match: [this.some(globs)] };
    const { watcher, root } = this.viewed;
    const view = watcher.openView({ root, ignored: false, match: [], ...request });
    if (view === undefined) return;
    this.opened.push({ view, request });
    this.pending.push(
      view.ready.then(async () => {
        if (!this.viewed.models.has(view)) await this.viewed.follow(view);
      }),
    );
  }

  async expectTrue(): Promise<void> {
    const { viewed } = this;
    await Promise.all(this.pending.splice(0));
    await viewed.watcher.sync();
    const { all, ignored } = diskOf(viewed.root);
    const byDefault = (path: string): boolean => !ignored.has(path);
    await this.compare(undefined, all, byDefault);
    for (const { view, request } of this.opened) {
      const named = namedBy(request);
      const isNamed = (path: string): boolean =>
        this.placesOf(view, named).some((place) => path === place || path.startsWith(`${place}/`));
      await this.compare(view, all, (path) => request.ignored === true || byDefault(path) || isNamed(path));
    }
    const { files = 0, dirs = 0 } = viewed.watcher.status()[0] ?? {};
    expect(files + dirs).toBe([...all.keys()].filter(byDefault).length);
  }

  /** Of the paths named, those that were left out when the view was opened: what the status says is asked for. */
  private placesOf(_view: WideView, named: readonly string[]): string[] {
    const asked = this.viewed.watcher.status()[0]?.interests.paths ?? [];
    return named.filter((path) => asked.includes(path));
  }

  private async compare(
    view: WideView | undefined,
    all: ReadonlyMap<string, ModelEntry>,
    holds: (path: string) => boolean,
  ): Promise<void> {
    const disk = new Map([...all].filter(([path]) => holds(path)));
    const { root, models, watcher } = this.viewed;
    const model = models.get(view);
    const listed = new TreeModel();
    await watcher.withIndexes(
      root,
      async (indexes) => {
        for (const records of indexes.values()) listed.load(records());
      },
      view,
    );
    // A place that lies in what is left out is held without what it lies in.
    const faults = model?.faults.filter((fault) => !/before its directory/.test(fault) || view === undefined);
    expect({
      view: view?.id,
      faults,
      told: model?.differences(root, disk),
      listed: listed.differences(root, disk),
    }).toEqual({ view: view?.id, faults: [], told: [], listed: [] });
  }

  private editRules(): void {
    try {
      const path = join(this.viewed.root, this.some(directories), '.gitignore');
      if (this.random() < 0.2) rmSync(path);
      else writeFileSync(path, this.someRules());
    } catch {
      // No such directory at the moment.
    }
  }

  private someRules(): string {
    return Array.from({ length: Math.floor(this.random() * 4) }, () => `${this.some(rules)}\n`).join('');
  }

  private some<T>(all: readonly T[]): T {
    return all[Math.floor(this.random() * all.length)] as T; // none is empty
  }
}

const ways: readonly (Partial<WatchSettings> & { readonly turns: number })[] = [
  { backend: 'directories', turns: 25 },
  { backend: 'directories', turns: 25 },
  // So short a queue that hints seem to be lost all the time, and the tree is crawled again and again.
  { backend: 'directories', queueLength: 32, turns: 15 },
  { backend: 'chokidar', turns: 6 },
  { backend: 'polling', turns: 10 },
];

it.each(ways)('what a view lists and reports is that view of the disk (%j)', async (way) => {
  const seed = testSeed() + ways.indexOf(way);
  const { turns, ...settings } = way;
  try {
    const round = new Round(seed, settings);
    await round.viewed.start();
    for (let turn = 0; turn < turns; turn++) {
      round.changeViews();
      round.operate(6);
      await new Promise((resolve) => setImmediate(resolve));
      round.operate(4);
      await round.expectTrue();
    }
  } catch (error) {
    throw new Error(`with TEST_SEED=${seed - ways.indexOf(way)}`, { cause: error });
  }
});
