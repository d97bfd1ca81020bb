// A peer whose events come to this process, where an observer keeps them.
import { type Observed, Observer, type Tally } from './observer.ts';
import type { RunningPeer } from './peer.ts';

/** Answers what an observer can; how events come to it is the peer's own affair. */
export abstract class ObservedPeer implements RunningPeer {
  abstract readonly pid: number;
  abstract readonly readyMs: number;
  protected readonly observer = new Observer();

  abstract observe(observed: Observed): Promise<void>;
  abstract troubles(): Promise<readonly string[]>;
  abstract stop(): Promise<void>;

  async told(): Promise<Tally> {
    return { ...this.observer.tally };
  }

  async arrivalsMs(): Promise<ReadonlyMap<string, number>> {
    return this.observer.arrivalsMs;
  }

  async paths(): Promise<ReadonlySet<string>> {
    return this.observer.paths;
  }

  async losses(): Promise<readonly string[]> {
    return this.observer.losses;
  }
}
