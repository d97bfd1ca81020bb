// The contract of what is compared: a process that passes messages on to clients.

/** In the order of the tables: agentd is what the others are compared with. */
export const serverKeys = [
  'agentd',
  'agentd-no-store',
  'ws',
  'socket.io',
  'gorilla',
  'uws',
  'uws-send',
] as const;
export type ServerKey = (typeof serverKeys)[number];

/** Where clients, or publishers, connect on loopback TCP. */
export interface Endpoint {
  readonly port: number;
  readonly path: string;
  /** Text frames that are no messages yet. */
  readonly greetings: number;
  /** What a client has to say first. */
  readonly say?: string;
}

/** A server that listens. */
export interface RunningServer {
  readonly pid: number;
  readonly clients: Endpoint;
  readonly publishers: Endpoint;
  /** What a publisher sends to have `data` passed on; `id` differs each time. */
  publication(id: number, data: string): string;
  stop(): Promise<void>;
}

/** A server that can be started. */
export interface Server {
  readonly key: ServerKey;
  readonly name: string;
  readonly version: string;
  /** Bytes that it puts around the data: so much shorter is the data, and all messages are alike long. */
  readonly envelopeBytes: number;
  start(): Promise<RunningServer>;
}
