// hub/: the registry of clients, their filters and positions, and delivery from the journal.

export type { Broadcast, Wait } from './broadcasts.ts';
export type { Outlet } from './client.ts';
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
export type { SnapshotPlace, SnapshotReader, SnapshotSource } from './snapshot.ts';
