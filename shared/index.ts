// shared/: what the agent and everything that talks to it agree on: the protocol's types, cursors,
// topics, limits, errors, and where an agent is found on disk.
export type { ConfigReport, SettingSource, ShownSetting } from './config-report.ts';
export { type Cursor, formatCursor, parseCursor } from './cursor.ts';
export { isEditorFile, isSaveTrial, savedFileOf } from './editor-files.ts';
export { DevagentError, type ErrorCode, UsageError } from './errors.ts';
export {
  changeCountTexts,
  countChanges,
  filterText,
  gapReasonText,
  messageText,
  mostChangesAlone,
  noChanges,
  pathsNamed,
} from './event-text.ts';
export { silentFileSystem } from './file-systems.ts';
export { escapeHtml } from './html-text.ts';
export { isNestedDeeper, jsonText } from './json-text.ts';
export {
  defaultHost,
  defaultJournalBytes,
  defaultName,
  defaultPort,
  defaultSettleMs,
  limits,
} from './limits.ts';
export { consoleLine, jsonLine, type LogEntry, type LogLevel, logLevels } from './log-line.ts';
export { bareHost, isLoopbackHost, isLoopbackHostHeader, isLoopbackOrigin, requestHost } from './loopback.ts';
export {
  homeDirectory,
  type InstancePaths,
  instanceNamePattern,
  instancePaths,
  isWithin,
} from './paths.ts';
export {
  type DirectorySystem,
  ensurePrivateDirectory,
  makeDirectories,
  type Objection,
  objectionToDirectory,
  objectionToParents,
  objectionToPrivacy,
  requirePrivateDirectory,
} from './private-directory.ts';
export { type ProcessStat, parseProcessStat, processExists } from './processes.ts';
export {
  type BroadcastAnswer,
  type Change,
  type ChangeEvent,
  type ClientFrame,
  type ClientInfo,
  type EntryKind,
  type FileEvent,
  type FileRecord,
  type FilterSpec,
  type GapEvent,
  type GapReason,
  type HelloFrame,
  type JournalEvent,
  type MessageEvent,
  type Problem,
  protocolVersion,
  type RootFrame,
  type RootInterests,
  type RootStatus,
  type RunFile,
  type ServerFrame,
  type SnapshotFrame,
  type Status,
  type StoreStatus,
  type SyncAnswer,
  type Transport,
} from './protocol.ts';
export type { ChangesAnswer, IncompleteReason, NamedCursor, NetChange } from './protocol-changes.ts';
export {
  openRegularFile,
  readBeginning,
  readRegularFile,
  UnfitFileError,
} from './regular-file.ts';
export { SliceClock } from './slice-clock.ts';
export { probeSocket, type SocketState } from './socket-state.ts';
export { type TextStream, TextWriter } from './text-writer.ts';
export { readTokenFile } from './token-file.ts';
export { isReservedTopic, isTopic, topicMatches, topicPattern } from './topic.ts';
export { TurnBudget } from './turn-budget.ts';
export { countOf, formatBytes, formatDuration, timeOfDay } from './units.ts';
export { oldestNode, version } from './version.ts';
export { visibleJson, visibleText } from './visible-text.ts';
