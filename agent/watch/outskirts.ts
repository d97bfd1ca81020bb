// Work outside the default view that is too long for a batch: crawling what a view wants, comparing it again when hints were
// lost, dropping what nobody wants any more. It is done in portions, each of them a task of its own among the batches, so that
// these wait for no more than one.
import { Delta, type DifferenceSink } from './delta.ts';
import type { View } from './views.ts';

/** A portion ends after so long: a batch of the default view may have to wait for it. */
const portionMs = 6;

/** What has been said of a loss of hints. */
export interface Loss {
  /** Whether every view has been told. */
  told: boolean;
  /** The views that have. */
  readonly views: Set<View>;
}

/** A piece of work in portions. */
interface Job {
  readonly steps: Generator<void, void>;
  readonly sink: PortionSink;
  /** Set if it is for hints that were lost. */
  readonly loss: Loss | undefined;
  /** The view that it is for, if that has nothing reported yet. */
  readonly view: View | undefined;
  isDone: boolean;
  readonly resolve: () => void;
  readonly done: Promise<void>;
}

/** Hands the differences of a portion to its delta. */
class PortionSink implements DifferenceSink {
  private delta = new Delta();

  record(...difference: Parameters<DifferenceSink['record']>): void {
    this.delta.record(...difference);
  }

  begin(): Delta {
    this.delta = new Delta();
    return this.delta;
  }
}

/** What the outskirts need of the engine. */
export interface OutskirtsHost {
  /** Nothing is wanted any more. */
  readonly isClosed: boolean;
  /** Whether nothing is half done, so that a batch may come between. */
  readonly isWhole: boolean;
  /** Runs a task when no other is under way. */
  exclusively(task: () => Promise<void>): Promise<void>;
  /** Runs steps in slices, from within the root; leaves them undone if it is not the one it was. */
  look(steps: Generator<void, void>, delta: DifferenceSink): Promise<void>;
  /** Reports what a portion found. */
  tell(delta: Delta, loss: Loss | undefined): Promise<void>;
  /** Nothing of this is foreseen. */
  crashed(error: unknown): void;
}

/** The work in portions of one root. */
export class Outskirts {
  private readonly host: OutskirtsHost;
  /** For views whose changes are reported; and, after that, for those that are being crawled. */
  private readonly urgent: Job[] = [];
  private readonly opening: Job[] = [];
  private isRunning = false;

  constructor(host: OutskirtsHost) {
    this.host = host;
  }

  get isIdle(): boolean {
    return !this.isRunning;
  }

  /**
   * Adds work.
   * @param makeSteps given the sink for what it finds
   * @param of.view the view that it opens; such work comes last
   * @returns once it is done, or the root was found to be another, of which all is looked at anew
   */
  add(
    makeSteps: (sink: DifferenceSink) => Generator<void, void>,
    of: { view?: View; loss?: Loss | undefined } = {},
  ): Promise<void> {
    const sink = new PortionSink();
    let resolve = (): void => {};
    const done = new Promise<void>((give) => {
      resolve = give;
    });
    const { view, loss } = of;
    const job = { steps: makeSteps(sink), sink, view, loss, isDone: false, resolve, done };
    (view === undefined ? this.urgent : this.opening).push(job);
    void this.run().catch((error) => this.host.crashed(error));
    return done;
  }

  /** Resolves when all that views whose changes are reported have been waiting for is done. */
  async settled(): Promise<void> {
    await Promise.all(this.urgent.map(({ done }) => done));
  }

  private async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      while (this.urgent.length + this.opening.length > 0) {
        await this.host.exclusively(() => this.portion());
      }
    } finally {
      this.isRunning = false;
    }
  }

  private async portion(): Promise<void> {
    const jobs = this.urgent.length > 0 ? this.urgent : this.opening;
    const [job] = jobs;
    if (job === undefined) return;
    const delta = job.sink.begin();
    let began = false;
    const begin = (): void => {
      began = true;
    };
    await this.host.look(this.stepsOf(job, begin), delta);
    if (!delta.isEmpty) await this.host.tell(delta, job.loss);
    // What can't be entered is another root, of which all is looked at anew, or none.
    if (!job.isDone && began && !this.host.isClosed) return;
    job.steps.return();
    jobs.splice(jobs.indexOf(job), 1);
    job.resolve();
  }

  private *stepsOf(job: Job, begin: () => void): Generator<void, void> {
    begin();
    const endMs = performance.now() + portionMs;
    for (;;) {
      if (this.host.isWhole && (job.view?.hasEnded === true || performance.now() >= endMs)) {
        job.isDone = job.view?.hasEnded === true;
        return;
      }
      if (job.steps.next().done === true) {
        job.isDone = true;
        return;
      }
      yield;
    }
  }
}
