// journal/: one ordered log of everything that happened, in ready-made frames.
export { frameBytesAt, framePayload, textFrame } from './frame.ts';
export { Journal, type NewEvent, newEpoch } from './journal.ts';
export { NamedCursors } from './named-cursors.ts';
export type { JournalSink, KeptFrames } from './sink.ts';
