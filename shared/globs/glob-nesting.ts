// Which brackets in a glob belong together.
import { classEnd } from './glob-class.ts';
import { GlobError } from './glob-error.ts';

/** Groups within groups: more than anybody reads, and few enough for parsers that call themselves. */
const deepest = 32;

/** Where each `(`, `{` and `[` is closed, by index. One that nothing closes is missing, and stands for itself. */
export type Closers = ReadonlyMap<number, number>;

/**
 * Finds the closing brackets of a glob from an index on, in time in proportion to its length.
 * @throws GlobError if they are nested too deep
 */
export function closersOf(glob: string, from: number): Closers {
  const closers = new Map<number, number>();
  const open: number[] = [];
  const counts = { '(': 0, '{': 0 };
  const deepestClosed: number[] = [];
  let classes = true;
  for (let at = from; at < glob.length; at++) {
    const character = glob[at];
    if (character === '\\') at += 1;
    else if (character === '[') {
      // Where one is not closed, none behind it is: it would be looked for in vain as often as there are any.
      const close: number | undefined = classes ? classEnd(glob, at) : undefined;
      classes = close !== undefined;
      if (close !== undefined) closers.set(at, close);
      at = close ?? at;
    } else if (character === '(' || character === '{') {
      open.push(at);
      deepestClosed.push(0);
      counts[character] += 1;
    } else if (character === ')' || character === '}') {
      const wanted = character === ')' ? '(' : '{';
      if (counts[wanted] === 0) continue;
      let depth = 0;
      for (;;) {
        const start = open.pop() as number; // the count says that there is one
        depth = Math.max(depth, deepestClosed.pop() ?? 0);
        const opener = glob[start] as '(' | '{';
        counts[opener] -= 1;
        if (opener !== wanted) continue;
        closers.set(start, at);
        break;
      }
      depth += 1;
      if (depth > deepest) throw new GlobError(`has groups more than ${deepest} deep: write it flatter`);
      const outer = deepestClosed.length - 1;
      if (outer >= 0) deepestClosed[outer] = Math.max(deepestClosed[outer] ?? 0, depth);
    }
  }
  return closers;
}

/** Whether there is a comma directly in the braces from one index to another, so that they list. */
export function listsIn(glob: string, from: number, to: number, closers: Closers): boolean {
  for (let at = from + 1; at < to; at++) {
    const character = glob[at];
    if (character === ',') return true;
    if (character === '\\') at += 1;
    else at = closers.get(at) ?? at;
  }
  return false;
}
