// on/: a command that is run when files change or messages come, and that leaves nothing behind. It is
// imported when it is needed, because of the stream that it follows.
export type { CommandLine } from './command-run.ts';
export { react } from './reaction.ts';
