// Texts as the page shows them.
import type { GapLine } from './lines.ts';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,304`. */
export function formatCount(count: number): string {
  return grouped.format(count);
}

/** `1 event`, `12,304 events`. */
export function formatCountOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** A local time of day as `13:07:59` and `.042`; `timeMs` since 1970. */
export function timeOfDay(timeMs: number): { clock: string; fraction: string } {
  const time = new Date(timeMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    clock: [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':'),
    fraction: `.${String(time.getMilliseconds()).padStart(3, '0')}`,
  };
}

/** A path's directory, its `/` included, and its last name. */
export function splitPath(path: string): { directory: string; name: string } {
  const at = path.search(/[^\\/]*[\\/]?$/);
  return { directory: path.slice(0, at), name: path.slice(at) };
}

/** A message's data on one line: text as it is, anything else as JSON. */
export function messageText(data: unknown): string {
  return typeof data === 'string' ? data : JSON.stringify(data);
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

const gapReasons: Readonly<Record<GapLine['reason'], string>> = {
  expired: 'the agent keeps only the newest events, and these were older',
  epoch: 'the agent has started anew since',
  slow: 'they were read too slowly',
  recrawl: 'the kernel lost some; the differences on disk follow',
};

/** What a gap means. */
export function describeGap({ reason, missed }: Pick<GapLine, 'reason' | 'missed'>): string {
  const what = missed === undefined ? 'events' : formatCountOf(missed, 'event');
  return `${what} lost: ${gapReasons[reason] ?? reason}`;
}
