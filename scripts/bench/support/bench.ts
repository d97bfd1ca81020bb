// What every measurement needs of the run that it is part of.
import type { Build } from './build.ts';
import type { Cleanups } from './cleanups.ts';

/** One run. */
export interface Bench {
  readonly cleanups: Cleanups;
  /** The agent that is measured. */
  readonly build: Build;
  /** Aborted when the run is interrupted: what fails then is no result. */
  readonly interrupted: AbortSignal;
  /** Parent of trees on disk, and of the peers' own directories. */
  readonly diskDirectory: string;
  /** Parent of trees in memory. */
  readonly memoryDirectory: string;
  /** Load average of the minute before the run: what others did on the machine. */
  readonly loadBefore: number;
  /** Says on standard error what goes on. */
  progress(text: string): void;
}
