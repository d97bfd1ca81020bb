// What devagent/client offers besides `connect`, the same in Node and in a page.
export type {
  BroadcastAnswer,
  Change,
  ChangeEvent,
  EntryKind,
  FileEvent,
  FileRecord,
  GapEvent,
  GapReason,
  MessageEvent,
  Problem,
  RootFrame,
  RootInterests,
  RootStatus,
  Status,
  StoreStatus,
  SyncAnswer,
} from '../protocol.ts';
export type { ChangesAnswer, IncompleteReason, NetChange } from '../protocol-changes.ts';
export type { Agent } from './agent.ts';
export { AgentAuthError, AgentError, AgentUnreachableError } from './errors.ts';
export type { EventStream } from './event-stream.ts';
export type {
  AgentEvent,
  AgentEventOf,
  ConnectedEvent,
  EventsOptions,
  FileFilter,
  LostEvent,
  SnapshotEvent,
  StreamOptions,
  TreeOptions,
} from './events.ts';
export type { LiveTree } from './live-tree.ts';
export type {
  AgentListeners,
  BroadcastOptions,
  CallOptions,
  ChangesOptions,
  ConnectOptions,
  FilesOptions,
  RootOptions,
  Roots,
} from './options.ts';
export { Tree, type TreeChange, type TreeListener } from './tree.ts';
