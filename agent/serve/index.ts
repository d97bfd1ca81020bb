// serve/: the edge. HTTP and WebSocket on both planes, from one table of endpoints.
export { Answers } from './answers.ts';
export { Bodies } from './body.ts';
export { Connections } from './connections.ts';
export type { KeepAlive, Services } from './context.ts';
export { Guard } from './guard.ts';
export { NameTurns } from './name-turns.ts';
export { Publisher } from './publisher.ts';
export { routes } from './routes.ts';
export * as requestSchemas from './schemas.ts';
export { createPlane } from './server.ts';
export { Snapshots } from './snapshots.ts';
export { WebSockets } from './web-socket.ts';
