// How events look on each kind of stream. The journal's own frames are the first of these; the others are
// made from the same JSON.
import { type JournalEvent, messageText, type ServerFrame, type SnapshotFrame } from '../../shared/index.ts';
import { textFrame } from '../journal/index.ts';

/** A way to write events. */
export interface Encoding {
  readonly name: string;
  /** Whether an event's journal frame is already what this encoding writes. */
  readonly isJournalFrame: boolean;
  /** An event, given with its JSON. */
  event(event: JournalEvent, json: () => Buffer): Buffer;
  /**
   * A frame that is no event of the journal (hello, gap, ...); undefined if this stream has none.
   * @param resumable whether a client that dies after it may go on from the frame's cursor
   */
  control(frame: ServerFrame, resumable: boolean): Buffer | undefined;
  /**
   * A piece of a snapshot, given as JSON.
   * @param cursor with the last piece: where a client that has all of them may go on from
   */
  snapshot(json: Buffer, cursor: string | undefined): Buffer;
}

/** WebSocket, JSON. */
export const webSocketJson: Encoding = {
  name: 'ws-json',
  isJournalFrame: true,
  event: (_event, json) => textFrame(json()),
  control: (frame) => textFrame(JSON.stringify(frame)),
  snapshot: (json) => textFrame(json),
};

/** WebSocket, for shells: a frame is a message's text or one change. */
export const webSocketText: Encoding = {
  name: 'ws-text',
  isJournalFrame: false,
  event: (event) => Buffer.concat(textLines(event).map((line) => textFrame(line))),
  control: () => undefined,
  snapshot: (json) => Buffer.concat(snapshotLines(json).map((line) => textFrame(line))),
};

/** Server-sent events, JSON: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const sseJson: Encoding = {
  name: 'sse-json',
  isJournalFrame: false,
  event: (event, json) => sseEvent(event.cursor, [json().toString('utf8')]),
  control: (frame, resumable) =>
    sseEvent(resumable && 'cursor' in frame && frame.type !== 'ack' ? frame.cursor : undefined, [
      JSON.stringify(frame),
    ]),
  snapshot: (json, cursor) => sseEvent(cursor, [json.toString('utf8')]),
};

/** Server-sent events, for shells. */
export const sseText: Encoding = {
  name: 'sse-text',
  isJournalFrame: false,
  event: (event) => sseLines(event.cursor, textLines(event)),
  control: () => undefined,
  snapshot: (json, cursor) => sseLines(cursor, snapshotLines(json)),
};

/** Newline-delimited JSON. */
export const ndjson: Encoding = {
  name: 'ndjson',
  isJournalFrame: false,
  event: (_event, json) => Buffer.concat([json(), newline]),
  control: (frame) => Buffer.from(`${JSON.stringify(frame)}\n`, 'utf8'),
  snapshot: (json) => Buffer.concat([json, newline]),
};

/** Lines of text. */
export const plainLines: Encoding = {
  name: 'lines',
  isJournalFrame: false,
  event: (event) => linesOf(textLines(event)),
  control: () => undefined,
  snapshot: (json) => linesOf(snapshotLines(json)),
};

const newline = Buffer.from('\n');

/** One event of an event stream; a client that reconnects names the last `id` it saw. */
function sseEvent(id: string | undefined, lines: readonly string[]): Buffer {
  const data = lines.map((line) => `data: ${line}\n`).join('');
  return Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}${data}\n`, 'utf8');
}

/** Lines as one event of an event stream; nothing for none. */
function sseLines(id: string | undefined, lines: readonly string[]): Buffer {
  if (lines.length === 0 && id === undefined) return Buffer.alloc(0);
  return sseEvent(
    id,
    lines.flatMap((line) => line.split(/\r\n|\r|\n/)),
  );
}

function linesOf(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
}

/** The files of a snapshot as the events that would have made them. */
function snapshotLines(json: Buffer): string[] {
  const { files } = JSON.parse(json.toString('utf8')) as SnapshotFrame;
  return files.map(({ kind, path }) => `${kind === 'dir' ? 'addDir' : 'add'} ${path}`);
}

/** The bare text of an event: a message's, or `EVENT PATH` for each change. */
function textLines(event: JournalEvent): string[] {
  if (event.type === 'gap') return [];
  if (event.type === 'file') return event.changes.map(({ event: what, path }) => `${what} ${path}`);
  return [messageText(event.data)];
}
