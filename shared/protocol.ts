// The protocol's objects, as types. docs/protocol.md says what they mean. It imports types alone, so that a page can.

import type { RootStatus } from './root-status.ts';

export type { RootInterests, RootStatus } from './root-status.ts';

/** The protocol that this build speaks; it changes when an old client would misunderstand. */
export const protocolVersion = 1;

/** What happened to a path: `add`, `change` and `unlink` of files and symlinks, the other two of directories. */
export type ChangeEvent = 'add' | 'change' | 'unlink' | 'addDir' | 'unlinkDir';
/** What a path is. A symlink is an entry of its own and is not followed. */
export type EntryKind = 'file' | 'dir' | 'symlink';

/** One path's part of a settled batch. */
export interface Change {
  /** What happened to it. */
  event: ChangeEvent;
  /** Relative to the root, `/`-separated. Lossy where the name is not UTF-8: then see `pathBytes`. */
  path: string;
  /** The exact bytes of a path that is not UTF-8, base64. */
  pathBytes?: string;
  /** What it is; on an unlink, what it was. */
  kind: EntryKind;
  /** Bytes; absent on unlinks. */
  size?: number;
  /** Milliseconds since 1970, fractional; absent on unlinks. */
  mtime?: number;
  /** On an add: the path that this entry had before, where its identity proves it. */
  from?: string;
}

/**
 * A settled batch of changes below one root, or a piece of one: up to 1,000 changes. Unlinks come first, children
 * before parents, then the rest, parents before children; a path stands in a batch once, or, where its kind changed,
 * as an unlink and an add.
 */
export interface FileEvent {
  /** Always `file`. */
  type: 'file';
  /** The position after this event: `since` goes on from there. */
  cursor: string;
  /** When the batch was settled, milliseconds since 1970. */
  time: number;
  /** Always `file`. */
  topic: 'file';
  /** The real path of the root. */
  root: string;
  /** What happened, path by path. */
  changes: Change[];
  /** True on every piece of a split batch but the last. */
  more?: true;
}

/** A message that somebody published. */
export interface MessageEvent {
  /** Always `message`. */
  type: 'message';
  /** The position after this event: `since` goes on from there. */
  cursor: string;
  /** When the agent took it, milliseconds since 1970. */
  time: number;
  /** What it is about: up to eight tokens, joined by dots. */
  topic: string;
  /** The name of the sender: `cli` for agent-cli, `http` for other requests, else a WebSocket client's name or id. */
  from: string;
  /** What was sent: anything that JSON can say. */
  data: unknown;
}

/**
 * Why events are missing. `expired`: what was asked for is older than the journal. `epoch`: it is of another
 * journal, the agent having been started anew. `slow`: the journal moved on while nobody read. `recrawl`: the kernel
 * may have lost some, and the differences follow as `file` events.
 */
export type GapReason = 'expired' | 'epoch' | 'slow' | 'recrawl';

/** Events were lost to this client, by the kernel (`recrawl`), or while no agent was running (`restart`). */
export interface GapEvent {
  /** Always `gap`. */
  type: 'gap';
  /** The position after the gap: what follows comes after it. */
  cursor: string;
  /** Why they are missing. */
  reason: GapReason;
  /** How many events were lost, where that can be known. */
  missed?: number;
  /** Of a `recrawl`: the real path of the only root that it is about; absent for all. */
  root?: string;
  /** Of a `recrawl`: true where the root was not watched for a while, as between two runs of the agent. */
  restart?: boolean;
}

/**
 * A root was added, once it is crawled, or is no longer watched: in streams with a snapshot, after `file` events that
 * add its entries, or unlink them. It has no place in the journal.
 */
export interface RootFrame {
  /** Always `root`. */
  type: 'root';
  /** The real path of the root. */
  root: string;
  /** Whether it is watched from here on, or was until here. */
  watched: boolean;
}

/** What stands in the journal. */
export type JournalEvent = FileEvent | MessageEvent | GapEvent;

/** The first frame of a stream. */
export interface HelloFrame {
  /** Always `hello`. */
  type: 'hello';
  /** The protocol that the agent speaks. */
  protocol: number;
  /** The agent's version. */
  version: string;
  /** This client's id, as `agent-cli clients` shows it. */
  client: string;
  /** Where this stream starts: the events after it follow. */
  cursor: string;
  /** The newest event's cursor. */
  head: string;
  /** The cursor of the oldest event that the journal holds; one beyond `head` while it holds none. */
  oldest: string;
  /** Whether the stream goes on after `since`; false where none was given. */
  resumed: boolean;
  /** The real paths of what is watched. */
  roots: string[];
}

/** A file, directory or symlink that exists. */
export interface FileRecord {
  /** Relative to the root, `/`-separated. Lossy where the name is not UTF-8: then see `pathBytes`. */
  path: string;
  /** The exact bytes of a path that is not UTF-8, base64. */
  pathBytes?: string;
  /** What it is. */
  kind: EntryKind;
  /** Bytes. */
  size: number;
  /** When it was last modified, milliseconds since 1970, fractional. */
  mtime: number;
}

/** A piece of the files that exist; `done` on a root's last one. */
export interface SnapshotFrame {
  /** Always `snapshot`. */
  type: 'snapshot';
  /** The real path of the root. */
  root: string;
  /** Up to 1,000 entries, parents before what is in them. */
  files: FileRecord[];
  /** True on the last piece of this root. */
  done: boolean;
}

/** Everything the agent sends on a stream. */
export type ServerFrame =
  | HelloFrame
  | JournalEvent
  | SnapshotFrame
  | RootFrame
  | ({ type: 'ack'; id: number | string } & Partial<BroadcastAnswer>)
  | { type: 'synced'; id: number | string; cursor: string }
  | { type: 'error'; id?: number | string; code: string; detail: string };

/** What a stream is asked to carry. Absent members do not restrict. */
export interface FilterSpec {
  topic?: string[];
  root?: string;
  match?: string[];
  ignore?: string[];
  /** Also what the ignore rules leave out, but for `.git`, `.hg` and `.svn`. */
  ignored?: boolean;
}

/** Everything a WebSocket client may send. */
export type ClientFrame =
  | { type: 'publish'; id: number | string; topic?: string; data: unknown; key?: string }
  | { type: 'sync'; id: number | string }
  | ({ type: 'subscribe'; id: number | string } & FilterSpec);

/** What became of a published message. */
export interface BroadcastAnswer {
  /** The message's place in the journal. */
  cursor: string;
  /** Connected clients whose filter takes it. */
  matched: number;
  /** Those of them to whose sockets it has been handed. */
  delivered: number;
  /** Those that are still behind it. */
  lagging: number;
}

/** The answer of the barrier. */
export interface SyncAnswer {
  /** The journal's newest event then: what was written before the call stands there, or before it. */
  cursor: string;
  /** How long it took, milliseconds. */
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

/** What an agent keeps on disk. */
export interface StoreStatus {
  /** The directory. */
  path: string;
  /** How much it holds. */
  bytes: number;
  /** Whether cursors from before the agent's start are still valid. */
  restored: boolean;
  /** Why events are kept in memory only, and what helps; null when all is well. */
  degraded: string | null;
}

/** An agent and what it is doing. */
export interface Status {
  /** The agent's version. */
  version: string;
  /** The protocol that it speaks. */
  protocol: number;
  /** Its process. */
  pid: number;
  /** How long it has been running, milliseconds. */
  uptimeMs: number;
  /** The newest event's cursor. */
  cursor: string;
  /** The cursor of the oldest event that the journal holds; one beyond `cursor` while it holds none. */
  oldest: string;
  /** What it watches. */
  roots: RootStatus[];
  /** How many clients have a stream open. */
  clients: number;
  /** What the journals hold, those of wide views included. */
  journal: {
    /** How many events. */
    events: number;
    /** How much memory they take. */
    bytes: number;
    /** How much they may take: beyond it the oldest are forgotten. */
    limitBytes: number;
  };
  /** What outlives the agent; null with `--no-store`. */
  store: StoreStatus | null;
  /** What its process takes. */
  memory: {
    /** Resident, all in all. */
    rssBytes: number;
    /** Of that, JavaScript's objects. */
    heapUsedBytes: number;
  };
  /** Where it listens on the loopback, without the token. */
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

/** What the agent answers when it refuses: the problem details of RFC 9457. */
export interface Problem {
  /** `about:blank`: the kind of problem is in `code`. */
  type: string;
  /** What `status` means, for people. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** What is wrong and what to do about it, for people. */
  detail: string;
  /** The stable word to program against. */
  code: string;
}
