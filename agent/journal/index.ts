// journal/: one ordered log of everything that happened, in ready-made frames.
export { textFrame } from './frame.ts';
export { Journal, type NewEvent } from './journal.ts';
export { NamedCursors } from './named-cursors.ts';
