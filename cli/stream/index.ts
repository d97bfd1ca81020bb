// stream/: the agent's events, followed over any number of connections, and put into words. It is
// imported when a command needs it, because a WebSocket library takes its time to load.

export { follow, waitForEvent } from './follow.ts';
export { describeFound, describeGap, describeLost } from './frame-text.ts';
export { LiveStream } from './live-stream.ts';
