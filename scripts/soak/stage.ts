// What a calamity has to do with, and what one is.
import type { Agent } from './agent.ts';
import type { Disagreement } from './comparison.ts';
import type { Follower } from './follower.ts';
import type { LargeTrees } from './large-trees.ts';
import type { Program } from './programs.ts';
import type { Vitals } from './vitals.ts';
import type { Workplace } from './workplace.ts';

/** Everything that a calamity has to do with. */
export interface Stage {
  readonly workplace: Workplace;
  readonly agent: Agent;
  readonly follower: Follower;
  readonly vitals: Vitals;
  readonly large: LargeTrees;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly note: (what: string, ...paths: readonly string[]) => void;
  /** Does small operations for as long as the work is going on. */
  during(work: Promise<unknown>): Promise<void>;
  /** Does some small operations without a pause. */
  burst(operations: number): void;
  /** Runs a program to its end. */
  run(program: Program): Promise<void>;
  /** What is told up to this cursor against what is on disk, without asking the agent for anything. */
  compareAt(cursor: string): Promise<Disagreement[]>;
  /**
   * Compares now, in the midst of it, or takes what was found already. Counts what disagrees; if anything does, another
   * agent begins.
   */
  agrees(found?: Disagreement[]): Promise<void>;
  /** Starts an agent that lives in another way, after the one before has ended; does operations meanwhile. */
  start(meanwhile?: () => Promise<void>): Promise<void>;
}

/** One kind of calamity. */
export interface Special {
  /** In the plural, for the summary. */
  readonly name: string;
  /** How often, beside the others. */
  readonly weight: number;
  /** What it can't do without: a namespace of its own, or the programs. */
  readonly needs?: 'namespace' | 'programs';
  run(stage: Stage): Promise<void>;
}

/** A whole number from 0 to below the limit. */
export function below({ random }: Pick<Stage, 'random'>, limit: number): number {
  return Math.floor(random() * limit);
}

/** One of them. */
export function oneOf<T>({ random }: Pick<Stage, 'random'>, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

/** One of the calamities, by their weights. */
export function weighed(specials: readonly Special[], random: () => number): Special | undefined {
  let at = random() * specials.reduce((sum, { weight }) => sum + weight, 0);
  return specials.find(({ weight }) => {
    at -= weight;
    return at < 0;
  });
}
