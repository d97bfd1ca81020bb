// The journal as the log of what was done to an index after it was written down.
import { type FileEvent, parseCursor } from '../../shared/index.ts';
import { frameBytesAt, framePayload } from '../journal/index.ts';
import { readSegment, segmentNames } from './segment.ts';

const fileEventBegins = Buffer.from('{"type":"file"');

/** An event of a root. */
export interface ToldEvent {
  readonly seq: number;
  readonly changes: FileEvent['changes'];
}

/**
 * The file events of a root after event `afterSeq`, in order.
 * @returns undefined where not all of them are there
 * @throws Error of the file system
 */
export function eventsAfter(
  directory: string,
  epoch: string,
  root: string,
  afterSeq: number,
): ToldEvent[] | undefined {
  const names = segmentNames(directory);
  const events: ToldEvent[] = [];
  let nextSeq: number | undefined;
  for (const [place, name] of names.entries()) {
    // All of it is older: the next one begins no later than the first event that is wanted.
    const next = names[place + 1];
    if (next !== undefined && Number.parseInt(next, 10) <= afterSeq + 1) continue;
    const segment = readSegment(directory, name, epoch);
    const follows = segment?.firstSeq === nextSeq || (nextSeq === undefined && isEarly(segment, afterSeq));
    if (segment === undefined || !follows) return undefined;
    nextSeq = segment.lastSeq + 1;
    for (const { bytes } of segment.runs) collect(bytes, root, afterSeq, events);
  }
  return events;
}

function isEarly(segment: { readonly firstSeq: number } | undefined, afterSeq: number): boolean {
  return segment !== undefined && segment.firstSeq <= afterSeq + 1;
}

function collect(bytes: Buffer, root: string, afterSeq: number, events: ToldEvent[]): void {
  for (let at = 0; at < bytes.length; ) {
    const end = at + (frameBytesAt(bytes, at) as number); // a segment that was read holds whole frames
    const payload = framePayload(bytes.subarray(at, end));
    at = end;
    if (!payload.subarray(0, fileEventBegins.length).equals(fileEventBegins)) continue;
    const event = JSON.parse(payload.toString('utf8')) as FileEvent; // the journal's own, checked by its sum
    const seq = parseCursor(event.cursor)?.seq ?? 0;
    if (event.root === root && seq > afterSeq) events.push({ seq, changes: event.changes });
  }
}
