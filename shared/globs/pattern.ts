// Patterns as trees, whatever language they were written in: the parsers make them, the matcher takes them.
import { anyUnit, type CharSet, notSlash } from './char-set.ts';

/** What a path, or the rest of one, may look like. */
export type Pattern =
  /** One code unit. */
  | { readonly kind: 'unit'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly options: readonly Pattern[] }
  /** The body, over and over: at least `least` times. */
  | { readonly kind: 'repeat'; readonly body: Pattern; readonly least: 0 | 1 }
  /** The end of the path, without consuming anything. */
  | { readonly kind: 'end' }
  /** Nothing, where what follows in the path does not begin with the body. */
  | { readonly kind: 'unless'; readonly body: Pattern };

/** One code unit of `set`. */
export function unit(set: CharSet): Pattern {
  return { kind: 'unit', set };
}

/** One after another. */
export function sequence(...items: readonly Pattern[]): Pattern {
  return { kind: 'sequence', items };
}

/** Any one of some. */
export function choice(...options: readonly Pattern[]): Pattern {
  return { kind: 'choice', options };
}

/** The text itself. */
export function literal(text: string): Pattern[] {
  const units: Pattern[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    units.push(unit([code, code]));
  }
  return units;
}

/** The body or nothing. */
export function optional(body: Pattern): Pattern {
  return choice(body, nothing);
}

/** The empty text. */
const nothing: Pattern = sequence();
/** The end of the path. */
export const end: Pattern = { kind: 'end' };
/** A slash. */
export const slash: Pattern = unit([0x2f, 0x2f]);
/** Any text within one name. */
export const star: Pattern = { kind: 'repeat', body: unit(notSlash), least: 0 };
/** Any text at all. */
export const anything: Pattern = { kind: 'repeat', body: unit(anyUnit), least: 0 };
/** Any number of directories, each with its slash. */
export const directories: Pattern = optional(sequence(anything, slash));
/** What is in a directory, or the directory itself. */
export const below: Pattern = choice(sequence(slash, anything), end);

/** A sequence's items, with sequences in it dissolved and neighbours that say the same made one. */
export function flatten(pattern: Pattern): Pattern[] {
  const flat: Pattern[] = [];
  const add = (item: Pattern): void => {
    if (item.kind === 'sequence') {
      for (const inner of item.items) add(inner);
      return;
    }
    const before = flat.at(-1);
    const wide = (one: Pattern) => one === anything || one === directories || one === star;
    if (before === undefined || !wide(before) || !wide(item)) flat.push(item);
    else if (before === directories && item === directories) return;
    else if (before === star && item === star) return;
    // Names after directories, or anything beside either: any text.
    else if (!(before === star && item === directories)) flat[flat.length - 1] = anything;
    else flat.push(item);
  };
  add(pattern);
  return flat;
}
