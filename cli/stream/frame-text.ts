// A frame of the stream as lines: for people, and for shells.
import {
  type Change,
  changeCountTexts,
  countChanges,
  countOf,
  type FileEvent,
  type GapEvent,
  gapReasonText,
  type HelloFrame,
  type MessageEvent,
  messageText,
  mostChangesAlone,
  noChanges,
  pathsNamed,
  type SnapshotFrame,
  timeOfDay,
  visibleText,
} from '../../shared/index.ts';
import type { Colors, Page } from '../screen/index.ts';
import { wrapLine } from '../screen/index.ts';

/** The frames that become lines. */
export type PrintedFrame = FileEvent | MessageEvent | SnapshotFrame;

/** As wide as `unlinkDir` and `snapshot`. */
const eventColumns = 9;
/** Where the text after time and event begins. */
const textColumn = '00:00:00.000'.length + 2 + eventColumns + 2;

/** `13:07:59.042`, local time; `timeMs` since 1970. */
export function formatTime(timeMs: number): string {
  const { clock, fraction } = timeOfDay(timeMs);
  return clock + fraction;
}

/** How lines for people are made. */
export interface LineStyle extends Page {
  /** Whether paths are shown with their root before them: needed where there are several. */
  readonly showRoots: boolean;
}

function pathText(
  entry: Pick<Change, 'path' | 'kind'>,
  root: string,
  style: Pick<LineStyle, 'showRoots'>,
): string {
  const path = style.showRoots ? `${root}/${entry.path}` : entry.path;
  return visibleText(entry.kind === 'dir' ? `${path}/` : path);
}

function eventColor(event: string, colors: Colors): (text: string) => string {
  if (event.startsWith('add')) return colors.green;
  if (event.startsWith('unlink')) return colors.red;
  return event === 'change' ? colors.yellow : colors.cyan;
}

/** Time, event and text; what is too long for a terminal goes on below where the text began. */
function entryLines(timeMs: number, event: string, text: string, { colors, columns }: LineStyle): string[] {
  const word = eventColor(event, colors)(visibleText(event).padEnd(eventColumns));
  const [first = '', ...others] = wrapLine(text, columns, textColumn, textColumn);
  return [`${colors.dim(formatTime(timeMs))}  ${word}  ${first}`, ...others];
}

function changeLines(change: Change, event: Pick<FileEvent, 'time' | 'root'>, style: LineStyle): string[] {
  const from = change.from === undefined ? '' : style.colors.dim(` (from ${visibleText(change.from)})`);
  return entryLines(event.time, change.event, pathText(change, event.root, style) + from, style);
}

/**
 * Lines for people: time, event and path, or topic, sender and text. Nothing in them can drive a terminal.
 * @param nowMs milliseconds since 1970, for frames that carry no time
 */
export function readableLines(frame: PrintedFrame, style: LineStyle, nowMs: number): string[] {
  const { colors } = style;
  switch (frame.type) {
    case 'file':
      return frame.changes.flatMap((change) => changeLines(change, frame, style));
    case 'message': {
      const head = `${colors.bold(visibleText(frame.topic))} ${colors.dim(`from ${visibleText(frame.from)}:`)}`;
      return entryLines(frame.time, 'message', `${head} ${visibleText(messageText(frame.data))}`, style);
    }
    case 'snapshot':
      return frame.files.flatMap((file) =>
        entryLines(nowMs, 'snapshot', pathText(file, frame.root, style), style),
      );
  }
}

/** A batch on its way to people, who want many changes at once summed up and few told one by one. */
export class BatchText {
  #last: Pick<FileEvent, 'time' | 'root' | 'more'> | undefined;
  /** The first ones, as many as are ever shown. */
  #changes: Change[] = [];
  #counts = noChanges;

  /** Takes in a piece of the batch; the last one, or the only one, is not marked `more`. */
  add({ time, root, more, changes }: FileEvent): void {
    this.#last = { time, root, ...(more === undefined ? {} : { more }) };
    this.#changes.push(...changes.slice(0, mostChangesAlone - this.#changes.length));
    this.#counts = countChanges(changes, this.#counts);
  }

  /** The lines for what was taken in, which begins anew. */
  take(style: LineStyle): string[] {
    const last = this.#last;
    const shown = this.#changes;
    const counts = this.#counts;
    this.#last = undefined;
    this.#changes = [];
    this.#counts = noChanges;

    if (last === undefined) return [];
    const total = counts.added + counts.changed + counts.removed;
    if (total <= mostChangesAlone) return shown.flatMap((change) => changeLines(change, last, style));
    const where = style.showRoots ? ` in ${visibleText(last.root)}` : '';
    const named = shown
      .slice(0, pathsNamed)
      .map((change) => pathText(change, last.root, { showRoots: false }))
      .join(', ');
    // Cut off before its end, as by --limit.
    const rest = last.more === true ? ' and more' : '';
    const text = `${total} changes${rest}${where}: ${changeCountTexts(counts).join(', ')}${style.colors.dim(` — ${named}, …`)}`;
    return entryLines(last.time, 'batch', text, style);
  }
}

/** Lines for shells: a message's bare text, `EVENT PATH` for a change; a snapshot's files are `add`s. */
export function bareLines(frame: PrintedFrame): string[] {
  switch (frame.type) {
    case 'file':
      return frame.changes.map((change) => `${change.event} ${change.path}`);
    case 'message':
      return [messageText(frame.data)];
    case 'snapshot':
      return frame.files.map((file) => `${file.kind === 'dir' ? 'addDir' : 'add'} ${file.path}`);
  }
}

/** What a gap means, in a sentence for stderr. */
export function describeGap(gap: GapEvent): string {
  const what = gap.missed === undefined ? 'events' : countOf(gap.missed, 'event');
  return `gap: ${what} before ${gap.cursor} lost: ${gapReasonText(gap.reason)}`;
}

/** That the connection to the agent `name` is gone, in a sentence for stderr. */
export function describeLost(name: string, reason: string): string {
  return `lost the agent "${name}": ${reason}; waiting for it to come back`;
}

/** That there is one again, in a sentence for stderr. */
export function describeFound(name: string, hello: Pick<HelloFrame, 'cursor'>): string {
  return `found the agent "${name}" again, going on after ${hello.cursor}`;
}
