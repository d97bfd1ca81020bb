// What a run has done and found, and how that is said in a line.
import type { Disagreement, Fault } from './comparison.ts';
import type { Worst } from './vitals.ts';

const number = new Intl.NumberFormat('en-US');
const faultWords: readonly (readonly [Fault, string])[] = [
  ['missing', 'missing'],
  ['ghost', 'ghosts'],
  ['silent', 'silent'],
  ['stale', 'stale'],
  ['out of order', 'out of order'],
  ['audit finding', 'audit findings'],
  ['over bounds', 'over bounds'],
];

/** Counts. */
export class Tally {
  /** Small operations that took place; what calamities do is not among them. */
  operations = 0;
  comparisons = 0;
  /** Those before which nobody asked for anything. */
  untold = 0;
  /** Those while the agent watched less well than it was asked to, as when others took all watches. */
  degradedComparisons = 0;
  /** Hints that the agent said were lost. */
  recrawlGaps = 0;
  /** Times that the client fell behind what the journal keeps, and began anew. */
  resets = 0;
  private readonly specials = new Map<string, number>();
  private readonly faults = new Map<Fault, number>();
  private readonly startedMs = performance.now();

  /** Whether nothing is wrong. */
  get clean(): boolean {
    return this.faults.size === 0;
  }

  /** Since the beginning. */
  get elapsedMs(): number {
    return performance.now() - this.startedMs;
  }

  countSpecial(name: string): void {
    this.specials.set(name, (this.specials.get(name) ?? 0) + 1);
  }

  countFaults(found: readonly Disagreement[]): void {
    for (const { fault } of found) this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  /**
   * The run in a line.
   * @param worst what the agent took of the machine at most
   */
  summary(seed: number, worst: Worst): string {
    const faults = faultWords.map(([fault, word]) => `${number.format(this.faults.get(fault) ?? 0)} ${word}`);
    const specials = [...this.specials].map(([name, times]) => `${times} ${name}`);
    const minutes = Math.floor(this.elapsedMs / 60_000);
    const seconds = Math.floor((this.elapsedMs % 60_000) / 1000);
    const events = [
      ...specials,
      `${this.recrawlGaps} recrawl gaps`,
      `${this.resets} new beginnings`,
      `${number.format(this.comparisons)} comparisons, ${this.untold} of them untold, ${this.degradedComparisons} degraded`,
      `at most ${Math.round(worst.residentMB)} MB, ${Math.round(worst.growthMB)} MB of growth, ${worst.descriptors} more descriptors, ${Math.round(worst.loopMs)} ms without an answer`,
    ];
    const time = `${minutes} m ${String(seconds).padStart(2, '0')} s`;
    return `${number.format(this.operations)} operations, seed ${seed}: ${faults.join(', ')} (${events.join(', ')}; ${time})`;
  }
}
