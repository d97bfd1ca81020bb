// What everyone who keeps a connection to the agent makes of what comes over it, and of its end.
import type { ServerFrame } from '../protocol.ts';

/** A connection that lasted this long was good, and the next attempt need not be held back. */
export const goodConnectionMs = 5_000;

/** The object that a text is in JSON; undefined for anything else. */
export function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Not JSON: no object either.
  }
  return undefined;
}

/** A frame of its text; undefined for what is none. */
export function parseFrame(text: string): ServerFrame | undefined {
  const frame = parseObject(text);
  // Which members a frame has is the protocol's word; one of an unknown type is passed over by its users.
  return frame !== undefined && 'type' in frame ? (frame as ServerFrame) : undefined;
}

/** What an agent may answer once and not the next time, that which is starting or stopping for instance. */
const passingStatuses: readonly number[] = [408, 500, 502, 503];

/** Whether an agent that answers so would answer so again. */
export function isFinalStatus(status: number): boolean {
  return !passingStatuses.includes(status);
}

/**
 * Why a WebSocket ended, for people.
 * @param detail what else is known: an error's message, or the reason in the close frame
 */
export function describeClose(code: number, detail: string): string {
  if (code === 1001) return 'it is shutting down';
  if (code === 1013) return 'events were read too slowly';
  if (detail !== '') return detail;
  // 1006 stands for a connection that ended without a close frame.
  return code === 1006 ? 'the connection broke' : `the connection was closed with ${code}`;
}
