// A pattern as a list of states, so that all of its ways through a path are followed at the same time.
//
// A state's value at a position says whether the rest of the path, from there on, can be matched from that
// state. The values at a position follow from those at the next position and the code unit between them, so a
// path is read from its end to its beginning, each code unit once: time is states × length at most, whatever the
// pattern. Read in this direction, "unless what follows is …" costs no more than any other state. (Memoised
// backtracking turned inside out; the automaton is an alternating one, and determinised lazily in automaton.ts.)
import type { CharSet } from './char-set.ts';
import { anything, directories, flatten, type Pattern } from './pattern.ts';

/** What a state does: by these its kind is told in `ops`. */
const acceptOp = 0;
const unitOp = 1;
export const splitOp = 2;
export const endOp = 3;
export const unlessOp = 4;

/** States evaluated together, from one number up to another: once, or until nothing changes if they are circular. */
export interface Block {
  readonly from: number;
  readonly to: number;
  readonly circular: boolean;
}

/** A compiled pattern. */
export interface Program {
  readonly ops: Uint8Array;
  /** The state after this one; for a split, one of the two. */
  readonly next: Int32Array;
  /** A split's other state, an `unless`'s body, or the number of a unit's class in `member`. */
  readonly other: Int32Array;
  /** Where the pattern begins. */
  readonly entry: number;
  /** A state that, once it is true, is true at every earlier position, and the entry with it; or -1. */
  readonly sticky: number;
  /** The states that lead to the end of the pattern, not of an `unless`: if all are false, it can't match. */
  readonly main: readonly number[];
  /** States below this number are units, which depend on the next position alone. */
  readonly units: number;
  /** All other states, each of which depends only on units, those in earlier blocks, and its own block. */
  readonly blocks: readonly Block[];
  /** Where intervals of code units begin, but the first: to each state all units of an interval are alike. */
  readonly cuts: Uint16Array;
  /** The class of each interval: those of one class are alike, too. */
  readonly classes: Uint16Array;
  readonly classCount: number;
  /** Whether the units of a class are in a set: at class × sets + set. */
  readonly member: Uint8Array;
  readonly sets: number;
  /** Steps per code unit, at most. */
  readonly cost: number;
}

/** A pattern needs more states than it may. */
export class TooManyStates extends Error {}

class Compiler {
  readonly ops: number[] = [];
  readonly next: number[] = [];
  readonly other: number[] = [];
  readonly main: number[] = [];
  readonly sets: CharSet[] = [];
  readonly #setNumbers = new Map<string, number>();
  readonly #most: number;
  #inMain = true;

  constructor(most: number) {
    this.#most = most;
  }

  add(operation: number, next: number, other: number): number {
    const state = this.ops.length;
    if (state >= this.#most) throw new TooManyStates();
    this.ops.push(operation);
    this.next.push(next);
    this.other.push(other);
    if (this.#inMain) this.main.push(state);
    return state;
  }

  #setNumber(set: CharSet): number {
    const key = set.join();
    let number = this.#setNumbers.get(key);
    if (number === undefined) {
      number = this.sets.push(set) - 1;
      this.#setNumbers.set(key, number);
    }
    return number;
  }

  /** @returns the state from which `pattern`, and then what `next` matches, is matched */
  compile(pattern: Pattern, next: number): number {
    switch (pattern.kind) {
      case 'unit':
        return this.add(unitOp, next, this.#setNumber(pattern.set));
      case 'sequence':
        return flatten(pattern).reduceRight((after, item) => this.compile(item, after), next);
      case 'choice': {
        const entries = pattern.options.map((option) => this.compile(option, next));
        return entries.reduceRight((rest, entry) => this.add(splitOp, entry, rest));
      }
      case 'repeat': {
        const again = this.add(splitOp, -1, next);
        const body = this.compile(pattern.body, again);
        this.next[again] = body;
        return pattern.least === 0 ? again : body;
      }
      case 'end':
        return this.add(endOp, next, -1);
      case 'unless': {
        const outside = this.#inMain;
        this.#inMain = false;
        const body = this.compile(pattern.body, this.add(acceptOp, -1, -1));
        this.#inMain = outside;
        return this.add(unlessOp, next, body);
      }
    }
  }
}

/** Tarjan's strongly connected components over what states depend on at the same position, in that order. */
function componentsOf({ ops, next, other }: Compiler): { states: number[]; circular: boolean }[] {
  const components: { states: number[]; circular: boolean }[] = [];
  const count = ops.length;
  const index = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const finished = new Int32Array(count);
  const open: number[] = [];
  const isOpen = new Uint8Array(count);
  let clock = 0;

  const visit = (state: number): void => {
    index[state] = low[state] = clock++;
    open.push(state);
    isOpen[state] = 1;
    const operation = ops[state];
    const needs: number[] = [];
    if (operation === splitOp || operation === unlessOp) needs.push(other[state] ?? -1, next[state] ?? -1);
    else if (operation === endOp) needs.push(next[state] ?? -1);
    for (const need of needs) {
      if (index[need] === -1) {
        visit(need);
        low[state] = Math.min(low[state] ?? 0, low[need] ?? 0);
      } else if (isOpen[need] === 1) {
        low[state] = Math.min(low[state] ?? 0, index[need] ?? 0);
      }
    }
    finished[state] = clock++;
    if (low[state] !== index[state]) return;
    const states: number[] = [];
    for (let member = -1; member !== state; ) {
      member = open.pop() ?? state;
      isOpen[member] = 0;
      states.push(member);
    }
    states.sort((a, b) => (finished[a] ?? 0) - (finished[b] ?? 0));
    components.push({ states, circular: states.length > 1 || needs.includes(state) });
  };
  // In the order in which they were made, most of what a state needs has been visited: no deep recursion.
  for (let state = 0; state < count; state++) if (index[state] === -1) visit(state);
  return components;
}

/** Steps that evaluating some states takes, at most. */
function costOf(states: readonly number[], circular: boolean, ops: readonly number[]): number {
  if (!circular) return states.length;
  // Every round but the last makes one loop's head true: heads are splits.
  return states.length * (states.filter((state) => ops[state] === splitOp).length + 2);
}

/** How many cuts are at or below a code unit: the number of its interval. */
function intervalOf(cuts: Uint16Array, unit: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cuts[middle] ?? 0) <= unit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The class of a code unit. */
export function classOf({ cuts, classes }: Program, unit: number): number {
  return classes[intervalOf(cuts, unit)] ?? 0;
}

/** Tells apart the code units that some sets tell apart. */
function classify(sets: readonly CharSet[]): Pick<Program, 'cuts' | 'classes' | 'classCount' | 'member'> {
  const starts = new Set<number>();
  for (const set of sets) {
    for (let at = 0; at < set.length; at += 2) {
      starts.add(set[at] ?? 0);
      starts.add((set[at + 1] ?? 0) + 1);
    }
  }
  starts.delete(0);
  starts.delete(0x10000);
  const cuts = Uint16Array.from([...starts].sort((a, b) => a - b));
  // The sets that hold an interval, in a row of their own.
  const holders: number[][] = Array.from({ length: cuts.length + 1 }, () => []);
  sets.forEach((set, number) => {
    for (let at = 0; at < set.length; at += 2) {
      const last = intervalOf(cuts, set[at + 1] ?? 0);
      for (let interval = intervalOf(cuts, set[at] ?? 0); interval <= last; interval++) {
        holders[interval]?.push(number);
      }
    }
  });
  const classNumbers = new Map<string, number>();
  const classes = Uint16Array.from(holders, (numbers) => {
    const key = numbers.join();
    const known = classNumbers.get(key) ?? classNumbers.size;
    classNumbers.set(key, known);
    return known;
  });
  const member = new Uint8Array(sets.length * classNumbers.size);
  holders.forEach((numbers, interval) => {
    for (const number of numbers) member[(classes[interval] ?? 0) * sets.length + number] = 1;
  });
  return { cuts, classes, classCount: classNumbers.size, member };
}

/**
 * Compiles a pattern that has to match from a position to the end of a path.
 * @param most states, at most
 * @throws TooManyStates
 */
export function compileProgram(pattern: Pattern, most: number): Program {
  const compiler = new Compiler(most);
  const accept = compiler.add(acceptOp, -1, -1);
  const last = compiler.add(endOp, accept, -1);
  const items = flatten(pattern);
  const [first] = items;
  const entry = compiler.compile({ kind: 'sequence', items }, last);

  const { cuts, classes, member, classCount } = classify(compiler.sets);

  // States get numbers in the order of evaluation.
  const order: number[] = compiler.ops.flatMap((operation, state) => (operation === unitOp ? [state] : []));
  const units = order.length;
  const blocks: { from: number; to: number; circular: boolean }[] = [];
  let cost = units;
  for (const { states, circular } of componentsOf(compiler)) {
    if (compiler.ops[states[0] ?? 0] === unitOp) continue;
    const before = blocks.at(-1);
    const from = order.length;
    order.push(...states);
    cost += costOf(states, circular, compiler.ops);
    if (!circular && before?.circular === false) before.to = order.length;
    else blocks.push({ from, to: order.length, circular });
  }
  const number = new Int32Array(order.length);
  order.forEach((state, at) => {
    number[state] = at;
  });
  const renumbered = (state: number | undefined): number => number[state ?? 0] ?? 0;
  const sticky = first === anything ? entry : first === directories ? compiler.next[entry] : undefined;
  return {
    ops: Uint8Array.from(order, (state) => compiler.ops[state] ?? 0),
    next: Int32Array.from(order, (state) => renumbered(compiler.next[state])),
    other: Int32Array.from(order, (state) => {
      const other = compiler.other[state] ?? -1;
      return compiler.ops[state] === unitOp || other === -1 ? other : renumbered(other);
    }),
    entry: renumbered(entry),
    sticky: sticky === undefined ? -1 : renumbered(sticky),
    units,
    main: compiler.main.filter((state) => state !== accept).map(renumbered),
    blocks,
    cuts,
    classes,
    classCount,
    member,
    sets: compiler.sets.length,
    cost,
  };
}
