// Texts as the page shows them.
import { gapReasonText } from '../../../../shared/event-text.ts';
import { countOf } from '../../../../shared/units.ts';
import type { GapLine } from './lines.ts';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,304`. */
export function formatCount(count: number): string {
  return grouped.format(count);
}

/** `1 event`, `12,304 events`. */
export function formatCountOf(count: number, noun: string, plural?: string): string {
  return countOf(count, noun, plural, formatCount);
}

/** A path's directory, its `/` included, and its last name. */
export function splitPath(path: string): { directory: string; name: string } {
  const at = path.search(/[^\\/]*[\\/]?$/);
  return { directory: path.slice(0, at), name: path.slice(at) };
}

/** What each root is called where several are shown: its last names, as many as tell it from the others. */
export function rootLabels(roots: readonly string[]): ReadonlyMap<string, string> {
  const names = roots.map((root) => root.split(/[\\/]/).filter((name) => name !== ''));
  return new Map(
    roots.map((root, index) => {
      const own = names[index] ?? [];
      const tail = (parts: readonly string[], count: number): string => parts.slice(-count).join('/');
      let count = 1;
      while (
        count < own.length &&
        names.some((other, at) => at !== index && tail(other, count) === tail(own, count))
      ) {
        count += 1;
      }
      return [root, own.length === 0 ? root : tail(own, count)];
    }),
  );
}

/** What a gap means. */
export function describeGap({ reason, missed }: Pick<GapLine, 'reason' | 'missed'>): string {
  const what = missed === undefined ? 'events' : formatCountOf(missed, 'event');
  return `${what} lost: ${gapReasonText(reason)}`;
}
