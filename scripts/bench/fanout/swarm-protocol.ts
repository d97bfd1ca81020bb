// What the run and its client processes tell each other.
import type { Endpoint } from './server.ts';

/** To a client process. */
export type Order =
  | { readonly type: 'open'; readonly endpoint: Endpoint; readonly clients: number; readonly expect?: number }
  | { readonly type: 'close' };

/** A message that every client of a process has got: its send time, and when the last of them got it. */
export type Delivered = readonly [sentMs: number, lastMs: number];

/** From a client process. */
export type News =
  | { readonly type: 'started' }
  | { readonly type: 'opened'; readonly firstMs: number }
  /** In the order of the journal, from 0. */
  | { readonly type: 'delivered'; readonly messages: readonly Delivered[] }
  /** All got as many as was expected. */
  | { readonly type: 'complete'; readonly lastMs: number; readonly bytes: number }
  | { readonly type: 'closed' }
  | { readonly type: 'failed'; readonly why: string };

/** Encloses the send time in a message. */
export const timeMark = '@';
