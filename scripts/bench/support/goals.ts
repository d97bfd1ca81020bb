// What is meant to be reached, and whether it was.
import { table } from './table.ts';

/** A goal, and what came of it. */
export interface Goal {
  readonly text: string;
  readonly value: string;
  /** Undefined where it was not measured. */
  readonly met: boolean | undefined;
}

/** Compares; a number that is missing makes it neither met nor missed. */
export function goal(text: string, value: string, left: number, atMost: number): Goal {
  return { text, value, met: Number.isNaN(left) || Number.isNaN(atMost) ? undefined : left <= atMost };
}

/** All goals of a run as a table. */
export function goalTable(goals: readonly Goal[]): string {
  const words = (met: boolean | undefined): string =>
    met === undefined ? 'not measured' : met ? 'met' : 'missed';
  return table(
    ['goal', 'measured', ''],
    goals.map(({ text, value, met }) => [text, met === undefined ? '-' : value, words(met)]),
  );
}
