// shared/client/: one client of the agent, for everybody who talks to it. Layers, each of which knows those before it:
// wire (the seam to Node or a page), calls (one request, its time and its errors), subscription (one stream over any
// number of connections), tree. Nothing of Node but in node-wire.ts and instance-wire.ts; node.ts and browser.ts are
// what the package offers as devagent/client. This is the door for the other rooms, which word failures themselves.
export { Backoff } from './backoff.ts';
export { ask, beginCall } from './calls.ts';
export { AgentError, errorOfAnswer } from './errors.ts';
export type { AgentEvent, ConnectedEvent } from './events.ts';
export { instanceWire } from './instance-wire.ts';
export type { StreamQuery } from './query.ts';
export { isAbsence, type ReviveAgent, revival, systemCode } from './revival.ts';
export { Subscription } from './subscription.ts';
export { Tree, type TreeChange } from './tree.ts';
export { wholeLines } from './whole-lines.ts';
export { readText, type Wire, type WireAnswer } from './wire.ts';
