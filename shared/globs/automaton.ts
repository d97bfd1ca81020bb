// Runs a program over paths. Sets of values that were met before are states of a deterministic automaton, whose
// steps are looked up rather than computed; it is built as paths come and bounded, and beyond the bound a path
// is followed without it.
import { classOf, endOp, type Program, splitOp, unlessOp } from './program.ts';

/** What is known at a position of a path, from the end up to there. */
interface Known {
  readonly values: Uint8Array;
  readonly matches: boolean;
  /** Whether the earlier part of the path makes no difference any more. */
  readonly certain: boolean;
  /** By class of the code unit before; filled in as paths come. */
  readonly steps: (Known | undefined)[];
}

/** Deterministic states kept: ordinary globs have 5 to 60. */
const mostKnown = 200;
/** Steps kept, which are what takes memory where a pattern tells many classes of characters apart. */
const mostSteps = 20_000;
/** Bytes of values kept. */
const mostBytes = 100_000;
/** What looking up a set of values takes, in steps of computing them. */
const stepsOfLookup = 30;
/** Code units whose class is looked up in a table: nearly all of them. */
const tableUnits = 128;

/** Matches the ends of paths against one pattern. */
export class Automaton {
  readonly #program: Program;
  readonly #classes: number;
  readonly #table: Uint16Array;
  readonly #known = new Map<string, Known>();
  readonly #most: number;
  readonly #atEnd: Known;
  #spare: [Uint8Array, Uint8Array];

  constructor(program: Program) {
    this.#program = program;
    this.#classes = program.classCount;
    const room = Math.min(mostSteps / this.#classes, mostBytes / program.ops.length);
    this.#most = Math.max(8, Math.min(mostKnown, Math.floor(room)));
    this.#table = Uint16Array.from({ length: tableUnits }, (_, code) => classOf(program, code));
    const count = program.ops.length;
    this.#spare = [new Uint8Array(count), new Uint8Array(count)];
    const values = new Uint8Array(count);
    // At the end there is no next position: what is after it is all false, as this is before it is computed.
    this.#evaluate(-1, new Uint8Array(count), values);
    this.#atEnd = this.#remember(values, keyOf(values));
  }

  /** Steps per code unit of a path, at most. */
  get cost(): number {
    return this.#program.cost;
  }

  /**
   * Builds all of the deterministic automaton, if that takes no more steps than `budget`: then no path takes more
   * than a step for each code unit.
   * @returns whether it is done, and the steps that it took
   */
  complete(budget: number): { readonly done: boolean; readonly steps: number } {
    let steps = 0;
    // States that are added on the way are visited in turn.
    for (const at of this.#known.values()) {
      if (at.certain) continue;
      for (let unitClass = 0; unitClass < this.#classes; unitClass++) {
        if (steps >= budget) return { done: false, steps };
        steps += this.#program.cost + stepsOfLookup;
        if (at.steps[unitClass] === undefined && this.#step(at, unitClass) === undefined) {
          return { done: false, steps };
        }
      }
    }
    return { done: true, steps };
  }

  /** Whether all of `path` from `from` up to `to` matches. */
  test(path: string, from: number, to: number): boolean {
    let at = this.#atEnd;
    for (let index = to - 1; index >= from; index--) {
      if (at.certain) return at.matches;
      const unitClass = this.#classAt(path, index);
      const next = at.steps[unitClass] ?? this.#step(at, unitClass);
      if (next === undefined) return this.#testUnknown(path, from, index, at.values);
      at = next;
    }
    return at.matches;
  }

  #classAt(path: string, index: number): number {
    const code = path.charCodeAt(index);
    return code < tableUnits ? (this.#table[code] ?? 0) : classOf(this.#program, code);
  }

  /** @returns undefined if there is no more room */
  #step(at: Known, unitClass: number): Known | undefined {
    const [values] = this.#spare;
    this.#evaluate(unitClass, at.values, values);
    const key = keyOf(values);
    let next = this.#known.get(key);
    if (next === undefined) {
      if (this.#known.size >= this.#most) return undefined;
      next = this.#remember(values.slice(), key);
    }
    at.steps[unitClass] = next;
    return next;
  }

  /** The same as `test` from `index` down, without keeping anything. */
  #testUnknown(path: string, from: number, index: number, values: Uint8Array): boolean {
    let [now, other] = this.#spare;
    let after = values;
    for (let at = index; at >= from; at--) {
      this.#evaluate(this.#classAt(path, at), after, now);
      after = now;
      now = other;
      other = after;
      if (this.#isCertain(after)) break;
    }
    return after[this.#program.entry] === 1;
  }

  #remember(values: Uint8Array, key: string): Known {
    const matches = values[this.#program.entry] === 1;
    const known: Known = { values, matches, certain: this.#isCertain(values), steps: [] };
    this.#known.set(key, known);
    return known;
  }

  #isCertain(values: Uint8Array): boolean {
    if (this.#program.sticky !== -1 && values[this.#program.sticky] === 1) return true;
    for (const state of this.#program.main) if (values[state] === 1) return false;
    return true;
  }

  /**
   * Computes the values at a position.
   * @param unitClass of the code unit there, or -1 for the end of the path
   * @param after the values at the next position
   */
  #evaluate(unitClass: number, after: Uint8Array, now: Uint8Array): void {
    const { next, other, member, sets, units, blocks } = this.#program;
    const atEnd = unitClass === -1;
    const row = atEnd ? 0 : unitClass * sets;
    // Typed arrays, read within their bounds: that is what `as number` stands for, here and below. No branches
    // where values decide, for nothing could predict them.
    for (let state = 0; state < units; state++) {
      const then = after[next[state] as number] as number;
      now[state] = then & (member[row + (other[state] as number)] as number);
    }
    for (const { from, to, circular } of blocks) {
      if (circular) {
        now.fill(0, from, to);
        while (this.#evaluateBlock(from, to, atEnd, now));
      } else this.#evaluateBlock(from, to, atEnd, now);
    }
  }

  /** @returns whether a value changed */
  #evaluateBlock(from: number, to: number, atEnd: boolean, now: Uint8Array): boolean {
    const { ops, next, other } = this.#program;
    let changed = 0;
    for (let state = from; state < to; state++) {
      const then = now[next[state] as number] as number;
      let value = 1;
      switch (ops[state]) {
        case splitOp:
          value = then | (now[other[state] as number] as number);
          break;
        case endOp:
          value = atEnd ? then : 0;
          break;
        case unlessOp:
          value = then & ~(now[other[state] as number] as number);
          break;
        // What is left accepts.
      }
      changed |= (now[state] as number) ^ value;
      now[state] = value;
    }
    return changed !== 0;
  }
}

/** A string that is the same for the same values. */
function keyOf(values: Uint8Array): string {
  let key = '';
  for (let at = 0; at < values.length; at += 15) {
    let bits = 0;
    for (let bit = 0; bit < 15; bit++) bits = (bits << 1) | (values[at + bit] ?? 0);
    key += String.fromCharCode(bits);
  }
  return key;
}
