// hub/: the registry of clients, their filters and positions, and delivery from the journal.

export type { Broadcast } from './broadcast.ts';
export type { Wait } from './broadcasts.ts';
export type { Outlet, ViewHold } from './client.ts';
export {
  type Encoding,
  ndjson,
  plainLines,
  sseJson,
  sseText,
  webSocketJson,
  webSocketText,
} from './encoding.ts';
export { Filter } from './filter.ts';
export type { Member as Client } from './group.ts';
export { Hub } from './hub.ts';
export type { SnapshotCourse, SnapshotPlace, SnapshotReader, SnapshotSource } from './snapshot.ts';
