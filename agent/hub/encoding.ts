// How events look on each kind of stream. The journal's own frames are the first of these; the others are
// made from the same JSON.
import type { JournalEvent, ServerFrame } from '../../shared/index.ts';
import { textFrame } from '../journal/index.ts';

/** A way to write events. */
export interface Encoding {
  readonly name: string;
  /** Whether an event's journal frame is already what this encoding writes. */
  readonly isJournalFrame: boolean;
  /** An event, given with its JSON. */
  event(event: JournalEvent, json: () => Buffer): Buffer;
  /** A frame that is no event of the journal (hello, gap, ...); undefined if this stream has none. */
  control(frame: ServerFrame): Buffer | undefined;
}

/** WebSocket, JSON. */
export const webSocketJson: Encoding = {
  name: 'ws-json',
  isJournalFrame: true,
  event: (_event, json) => textFrame(json()),
  control: (frame) => textFrame(JSON.stringify(frame)),
};

/** WebSocket, for shells: a frame is a message's text or one change. */
export const webSocketText: Encoding = {
  name: 'ws-text',
  isJournalFrame: false,
  event: (event) => Buffer.concat(textLines(event).map((line) => textFrame(line))),
  control: () => undefined,
};

/** Server-sent events, JSON: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const sseJson: Encoding = {
  name: 'sse-json',
  isJournalFrame: false,
  event: (event, json) => sseEvent(event.cursor, [json().toString('utf8')]),
  control: (frame) =>
    sseEvent('cursor' in frame && frame.type !== 'ack' ? frame.cursor : undefined, [JSON.stringify(frame)]),
};

/** Server-sent events, for shells. */
export const sseText: Encoding = {
  name: 'sse-text',
  isJournalFrame: false,
  event: (event) => {
    const lines = textLines(event).flatMap((line) => line.split(/\r\n|\r|\n/));
    return lines.length === 0 ? Buffer.alloc(0) : sseEvent(event.cursor, lines);
  },
  control: () => undefined,
};

/** Newline-delimited JSON. */
export const ndjson: Encoding = {
  name: 'ndjson',
  isJournalFrame: false,
  event: (_event, json) => Buffer.concat([json(), newline]),
  control: (frame) => Buffer.from(`${JSON.stringify(frame)}\n`, 'utf8'),
};

/** Lines of text. */
export const plainLines: Encoding = {
  name: 'lines',
  isJournalFrame: false,
  event: (event) =>
    Buffer.from(
      textLines(event)
        .map((line) => `${line}\n`)
        .join(''),
      'utf8',
    ),
  control: () => undefined,
};

const newline = Buffer.from('\n');

/** One event of an event stream; a client that reconnects names the last `id` it saw. */
function sseEvent(id: string | undefined, lines: readonly string[]): Buffer {
  const data = lines.map((line) => `data: ${line}\n`).join('');
  return Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}${data}\n`, 'utf8');
}

/** The bare text of an event: a message's, or `EVENT PATH` for each change. */
function textLines(event: JournalEvent): string[] {
  if (event.type === 'gap') return [];
  if (event.type === 'file') return event.changes.map(({ event: what, path }) => `${what} ${path}`);
  return [typeof event.data === 'string' ? event.data : JSON.stringify(event.data)];
}
