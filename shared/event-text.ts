// What the stream's events are called where people read them: in a terminal, and in the dashboard.
import { jsonText } from './json-text.ts';
import type { Change, FilterSpec, GapReason } from './protocol.ts';

/** More changes than this at once are summed up: they would push everything else off the screen. */
export const mostChangesAlone = 10;
/** Of those summed up, how many are named. */
export const pathsNamed = 3;

/** A message's data on one line: text as it is, anything else as JSON. */
export function messageText(data: unknown): string {
  return typeof data === 'string' ? data : jsonText(data);
}

/** How many changes are of which sort, directories and files alike. */
export interface ChangeCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** Of no changes. */
export const noChanges: ChangeCounts = { added: 0, changed: 0, removed: 0 };

/** Counts changes, on from those counted before. */
export function countChanges(changes: readonly Change[], before: ChangeCounts = noChanges): ChangeCounts {
  let { added, changed, removed } = before;
  for (const { event } of changes) {
    if (event.startsWith('add')) added += 1;
    else if (event.startsWith('unlink')) removed += 1;
    else changed += 1;
  }
  return { added, changed, removed };
}

/** Those of which there are any: `12 added`, `3 removed`. */
export function changeCountTexts(
  { added, changed, removed }: ChangeCounts,
  format: (count: number) => string = String,
): string[] {
  return Object.entries({ added, changed, removed })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${format(count)} ${what}`);
}

const gapReasons: Readonly<Record<GapReason, string>> = {
  expired: 'the agent keeps only the newest events, and these were older',
  epoch: 'the agent has started anew since',
  slow: 'they were read too slowly',
  recrawl: 'nobody saw what changed for a while; the differences on disk follow',
};

/** Why events are missing; a reason of a newer agent is its own word. */
export function gapReasonText(reason: GapReason): string {
  return gapReasons[reason] ?? reason;
}

/**
 * A filter in a few words: `build.> match *.ts ignore dist/**`.
 * @param topics what stands for its topics
 */
export function filterText({ root, match = [], ignore = [], ignored }: FilterSpec, topics: string): string {
  return [
    topics,
    ...(root === undefined ? [] : [`root ${root}`]),
    ...match.map((glob) => `match ${glob}`),
    ...ignore.map((glob) => `ignore ${glob}`),
    ...(ignored === true ? ['with ignored files'] : []),
  ].join(' ');
}
