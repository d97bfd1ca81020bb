// A frame of the stream as lines: for people, and for shells.
import type { Change, FileEvent, GapEvent, MessageEvent, SnapshotFrame } from '../../shared/index.ts';
import type { Colors } from '../output.ts';
import { countOf } from '../units.ts';
import { visibleText } from '../visible-text.ts';

/** The frames that become lines. */
export type PrintedFrame = FileEvent | MessageEvent | SnapshotFrame;

/** As wide as `unlinkDir` and `snapshot`. */
const eventColumns = 9;

/** `13:07:59.042`, local time; `timeMs` since 1970. */
export function formatTime(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

function messageText(data: unknown): string {
  return typeof data === 'string' ? data : JSON.stringify(data);
}

/** How lines for people are made. */
export interface LineStyle {
  readonly colors: Colors;
  /** Whether paths are shown with their root before them: needed where there are several. */
  readonly showRoots: boolean;
}

function pathText(entry: Pick<Change, 'path' | 'kind'>, root: string, style: LineStyle): string {
  const path = style.showRoots ? `${root}/${entry.path}` : entry.path;
  return visibleText(entry.kind === 'dir' ? `${path}/` : path);
}

function eventColor(event: string, colors: Colors): (text: string) => string {
  if (event.startsWith('add')) return colors.green;
  if (event.startsWith('unlink')) return colors.red;
  return event === 'change' ? colors.yellow : colors.cyan;
}

function line(timeMs: number, event: string, rest: string, { colors }: LineStyle): string {
  const word = eventColor(event, colors)(visibleText(event).padEnd(eventColumns));
  return `${colors.dim(formatTime(timeMs))}  ${word}  ${rest}`;
}

/**
 * Lines for people: time, event and path, or topic, sender and text. Nothing in them can drive a terminal.
 * @param nowMs milliseconds since 1970, for frames that carry no time
 */
export function readableLines(frame: PrintedFrame, style: LineStyle, nowMs: number): string[] {
  const { colors } = style;
  switch (frame.type) {
    case 'file':
      return frame.changes.map((change) => {
        const from = change.from === undefined ? '' : colors.dim(` (from ${visibleText(change.from)})`);
        return line(frame.time, change.event, pathText(change, frame.root, style) + from, style);
      });
    case 'message': {
      const head = `${colors.bold(visibleText(frame.topic))} ${colors.dim(`from ${visibleText(frame.from)}:`)}`;
      return [line(frame.time, 'message', `${head} ${visibleText(messageText(frame.data))}`, style)];
    }
    case 'snapshot':
      return frame.files.map((file) => line(nowMs, 'snapshot', pathText(file, frame.root, style), style));
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

const gapReasons: Readonly<Record<GapEvent['reason'], string>> = {
  expired: 'the agent keeps only the newest events, and these were older',
  epoch: 'the agent has started anew since',
  slow: 'they were read too slowly',
  recrawl: 'the kernel lost some; the differences on disk follow',
};

/** What a gap means, in a sentence for stderr. */
export function describeGap(gap: GapEvent): string {
  const what = gap.missed === undefined ? 'events' : countOf(gap.missed, 'event');
  return `gap: ${what} before ${gap.cursor} lost: ${gapReasons[gap.reason] ?? gap.reason}`;
}
