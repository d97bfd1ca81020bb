// shared/client/: the client library. Its core knows no transport and nothing of Node; node.ts and
// browser.ts are what the package offers as devagent/client. This is the door for the CLI, which keeps
// connections of its own by the same rules.
export { Backoff } from './backoff.ts';
export { describeClose, goodConnectionMs, isFinalStatus, parseFrame } from './connection.ts';
export { StreamPosition } from './position.ts';
export { type StreamQuery, streamPath } from './query.ts';
