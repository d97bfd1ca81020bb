// A cursor names one event of one journal: EPOCH:SEQ on the wire, two fields in here.

/** A position in a journal: after the event number `seq` of the journal `epoch`. */
export interface Cursor {
  readonly epoch: string;
  /** 0 is the position before the first event. */
  readonly seq: number;
}

const pattern = /^([a-z0-9]{1,32}):(0|[1-9][0-9]{0,15})$/;

/** Writes a cursor as it stands on the wire, `EPOCH:SEQ`. */
export function formatCursor(epoch: string, seq: number): string {
  return `${epoch}:${seq}`;
}

/** Reads `EPOCH:SEQ`; undefined for anything else, numbers that lose digits included. */
export function parseCursor(text: string): Cursor | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const seq = Number(match[2]);
  return Number.isSafeInteger(seq) ? { epoch: match[1] as string, seq } : undefined;
}
