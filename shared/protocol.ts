// The protocol's objects, as types. docs/protocol.md says what they mean. It imports nothing, so that a page can.

/** The protocol that this build speaks; it changes when an old client would misunderstand. */
export const protocolVersion = 1;

/** What happened to a path. */
export type ChangeEvent = 'add' | 'change' | 'unlink' | 'addDir' | 'unlinkDir';
/** What a path is. A symlink is an entry of its own and is not followed. */
export type EntryKind = 'file' | 'dir' | 'symlink';

/** One path's part of a settled batch. */
export interface Change {
  event: ChangeEvent;
  /** Relative to the root, `/`-separated. Lossy where the name is not UTF-8: then see `pathBytes`. */
  path: string;
  /** The exact bytes of a path that is not UTF-8, base64. */
  pathBytes?: string;
  kind: EntryKind;
  /** Bytes; absent on unlinks. */
  size?: number;
  /** Milliseconds since 1970, fractional; absent on unlinks. */
  mtime?: number;
  /** On an add: the path that this entry had before, where its identity proves it. */
  from?: string;
}

/** A settled batch of changes, or a piece of one. */
export interface FileEvent {
  type: 'file';
  cursor: string;
  /** When the batch was settled, milliseconds since 1970. */
  time: number;
  topic: 'file';
  root: string;
  changes: Change[];
  /** True on every piece of a split batch but the last. */
  more?: true;
}

/** A message that somebody published. */
export interface MessageEvent {
  type: 'message';
  cursor: string;
  time: number;
  topic: string;
  /** The name of the sender: `cli`, `http`, or a client's name. */
  from: string;
  data: unknown;
}

export type GapReason = 'expired' | 'epoch' | 'slow' | 'recrawl';

/** Events were lost to this client, or by the kernel (`recrawl`). */
export interface GapEvent {
  type: 'gap';
  /** The position after the gap: what follows comes after it. */
  cursor: string;
  reason: GapReason;
  /** How many events were lost, where that can be known. */
  missed?: number;
}

/** What stands in the journal. */
export type JournalEvent = FileEvent | MessageEvent | GapEvent;

/** The first frame of a stream. */
export interface HelloFrame {
  type: 'hello';
  protocol: number;
  version: string;
  client: string;
  /** Where this stream starts: the events after it follow. */
  cursor: string;
  head: string;
  oldest: string;
  resumed: boolean;
  roots: string[];
}

/** One entry of the index. */
export interface FileRecord {
  path: string;
  pathBytes?: string;
  kind: EntryKind;
  size: number;
  mtime: number;
}

/** A piece of the files that exist; `done` on a root's last one. */
export interface SnapshotFrame {
  type: 'snapshot';
  root: string;
  files: FileRecord[];
  done: boolean;
}

/** Everything the agent sends on a stream. */
export type ServerFrame =
  | HelloFrame
  | JournalEvent
  | SnapshotFrame
  | ({ type: 'ack'; id: number | string } & Partial<BroadcastAnswer>)
  | { type: 'synced'; id: number | string; cursor: string }
  | { type: 'error'; id?: number | string; code: string; detail: string };

/** What a stream is asked to carry. Absent members do not restrict. */
export interface FilterSpec {
  topic?: string[];
  root?: string;
  match?: string[];
  ignore?: string[];
}

/** Everything a WebSocket client may send. */
export type ClientFrame =
  | { type: 'publish'; id: number | string; topic?: string; data: unknown; key?: string }
  | { type: 'sync'; id: number | string }
  | ({ type: 'subscribe'; id: number | string } & FilterSpec);

/** What became of a published message. */
export interface BroadcastAnswer {
  cursor: string;
  /** Connected clients whose filter takes it. */
  matched: number;
  /** Those to whose sockets it has been handed. */
  delivered: number;
  /** Those that are still behind it. */
  lagging: number;
}

/** The answer of the barrier. */
export interface SyncAnswer {
  cursor: string;
  ms: number;
}

export type Transport = 'ws' | 'sse' | 'ndjson';

/** One connected client, as `GET /v1/clients` lists it. */
export interface ClientInfo {
  id: string;
  name: string;
  transport: Transport;
  address: string;
  /** ISO 8601. */
  connectedAt: string;
  filter: FilterSpec;
  cursor: string;
  lag: { events: number; bytes: number };
  /** Events handed to its socket. */
  delivered: number;
  gaps: number;
}

/** One watched root. */
export interface RootStatus {
  path: string;
  backend: string;
  ready: boolean;
  files: number;
  dirs: number;
  watches: number;
  recrawls: number;
  /** Changes that only the audit found: each is a bug, here or in the kernel. */
  auditFindings: number;
  /** Why the root is watched less well than it could be, and what helps; null when all is well. */
  degraded: string | null;
}

/** `GET /v1/status`. */
export interface Status {
  version: string;
  protocol: number;
  pid: number;
  uptimeMs: number;
  cursor: string;
  oldest: string;
  roots: RootStatus[];
  clients: number;
  journal: { events: number; bytes: number; limitBytes: number };
  memory: { rssBytes: number; heapUsedBytes: number };
  url: string;
}

/** The run file, `RUNTIME/NAME.json`. */
export interface RunFile {
  pid: number;
  startedAt: string;
  version: string;
  socket: string;
  url: string;
  roots: string[];
  /** The flags that the agent was started with, but for its name, each as `--flag=value`; none is a secret. */
  args?: string[] | undefined;
  /** Where it keeps its log. */
  logFile?: string | undefined;
}

/** RFC 9457 problem details; `code` is the stable word to program against. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
}
