// journal/: one ordered log of everything that happened, in ready-made frames.
export { textFrame } from './frame.ts';
export { type Frames, Journal, type NewEvent } from './journal.ts';
