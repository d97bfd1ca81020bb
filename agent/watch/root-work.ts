// Long work on one root, done slice by slice (slices.ts) from within the root.
import type { Crawler } from './crawler.ts';
import type { DifferenceSink } from './delta.ts';
import type { Disk } from './disk.ts';
import type { RootLife } from './root-life.ts';
import type { Slices } from './slices.ts';
import type { Directory } from './tree-index.ts';

/** What the work depends on. */
export interface RootWorkHost {
  /** Nothing is wanted any more. */
  readonly isClosed: boolean;
  /** The root is back or another one: its backend's own watches are to be made anew. */
  rearm(root: Directory): void;
  /** The root is not what it was a moment ago. */
  doubtDirectory(root: Directory): void;
}

/** Runs the crawler's work. */
export class RootWork {
  private readonly disk: Disk;
  private readonly crawler: Crawler;
  private readonly life: RootLife;
  private readonly slices: Slices;
  private readonly host: RootWorkHost;

  constructor(parts: { disk: Disk; crawler: Crawler; life: RootLife; slices: Slices; host: RootWorkHost }) {
    this.disk = parts.disk;
    this.crawler = parts.crawler;
    this.life = parts.life;
    this.slices = parts.slices;
    this.host = parts.host;
  }

  /**
   * Looks what became of the root, and makes the index that of the one that is there.
   * @param isBack whether it was not watched until now: nothing in it is sure
   */
  async checkRoot(delta: DifferenceSink, isBack = false): Promise<void> {
    const { fate, doubted } = this.life.check();
    const { known, root } = this.life;
    if (known !== undefined && (fate === 'lost' || fate === 'replaced')) {
      await this.inMemory(this.crawler.removeAll(known, delta));
    }
    if (root === undefined || (fate === 'same' && !doubted && !isBack)) return;
    if (fate !== 'first' && !isBack) this.host.rearm(root);
    await this.look(this.crawler.crawl(root, delta, doubted || isBack), delta);
  }

  /**
   * Does what has to be looked at from within the root. Whatever ends that, the index is in order
   * afterwards.
   */
  async look(steps: Generator<void, void>, delta: DifferenceSink): Promise<void> {
    await this.slices.run(steps, { enter: () => this.enter(), leave: () => this.disk.leave() });
    await this.inMemory(this.crawler.finish(delta));
  }

  /** Whether nothing is wanted any more. */
  get isClosed(): boolean {
    return this.host.isClosed;
  }

  /** Does long work that looks at nothing. */
  inMemory(steps: Generator<void, void>): Promise<void> {
    return this.slices.run(steps, { enter: () => !this.host.isClosed, leave: () => {} });
  }

  /**
   * Enters the root (see `Disk.enter`) if it is still the one that the index is of; else all of it is to be looked at
   * anew.
   * @returns whether it was entered
   */
  enter(): boolean {
    const { root } = this.life;
    if (this.host.isClosed || root === undefined) return false;
    if (this.life.enter()) return true;
    this.host.doubtDirectory(root);
    return false;
  }

  /** When a directory on disk was changed last, if it can be seen. */
  changedMs(directory: Directory): number | undefined {
    if (!this.enter()) return undefined;
    const stats = this.disk.look(directory.path);
    this.disk.leave();
    return stats === undefined || 'unseen' in stats ? undefined : stats.mtimeMs;
  }
}
