// JSON of any depth. `JSON.parse` reads whatever nesting it is given; `JSON.stringify` overflows the stack at
// some thousands of levels, at which of them depends on who calls it.
import { limits } from './limits.ts';

/** Whether a JSON value has more than `levels` arrays and objects inside one another. */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  // The recursion is as deep as `levels`, whatever the value is.
  const members = Array.isArray(value) ? value : Object.values(value);
  return members.some((member) => isNestedDeeper(member, levels - 1));
}

/** What `JSON.stringify` gives, for a JSON value of any depth. */
export function jsonText(value: unknown): string {
  return isNestedDeeper(value, limits.dataDepth) ? deepJsonText(value) : JSON.stringify(value);
}

/** Text that is part of the result as it is, among values that are still to be written. */
class Written {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function deepJsonText(value: unknown): string {
  let text = '';
  const rest: unknown[] = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (next instanceof Written) text += next.text;
    else if (Array.isArray(next)) {
      rest.push(new Written(']'));
      for (let at = next.length - 1; at >= 0; at -= 1) {
        rest.push(next[at]);
        if (at > 0) rest.push(new Written(','));
      }
      text += '[';
    } else if (typeof next === 'object' && next !== null) {
      rest.push(new Written('}'));
      const members = Object.entries(next);
      for (const [at, [name, member]] of members.reverse().entries()) {
        const comma = at < members.length - 1 ? ',' : '';
        rest.push(member, new Written(`${comma}${JSON.stringify(name)}:`));
      }
      text += '{';
    } else text += JSON.stringify(next);
  }
  return text;
}
