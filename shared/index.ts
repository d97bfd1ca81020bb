// shared/: what the agent and everything that talks to it agree on: the protocol's types, cursors,
// topics, limits, errors, and where an agent is found on disk.
export type { ConfigReport, SettingSource, ShownSetting } from './config-report.ts';
export { type Cursor, formatCursor, parseCursor } from './cursor.ts';
export { DevagentError, type ErrorCode } from './errors.ts';
export { silentFileSystem } from './file-systems.ts';
export { globOptions } from './globs.ts';
export { withoutFlagTypes } from './help-text.ts';
export {
  defaultHost,
  defaultJournalBytes,
  defaultName,
  defaultPort,
  defaultSettleMs,
  limits,
} from './limits.ts';
export { consoleLine, jsonLine, type LogEntry, type LogLevel, logLevels } from './log-line.ts';
export {
  ensurePrivateDirectory,
  type InstancePaths,
  instanceNamePattern,
  instancePaths,
  objectionToDirectory,
} from './paths.ts';
export type {
  BroadcastAnswer,
  Change,
  ChangeEvent,
  ClientFrame,
  ClientInfo,
  EntryKind,
  FileEvent,
  FileRecord,
  FilterSpec,
  GapEvent,
  GapReason,
  HelloFrame,
  JournalEvent,
  MessageEvent,
  Problem,
  RootStatus,
  RunFile,
  ServerFrame,
  SnapshotFrame,
  Status,
  SyncAnswer,
  Transport,
} from './protocol.ts';
export { probeSocket, type SocketState } from './socket-state.ts';
export { isReservedTopic, isTopic, topicMatches, topicPattern } from './topic.ts';
export { oldestNode, protocolVersion, version } from './version.ts';
