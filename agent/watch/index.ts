// watch/: from hints to truth. Settled batches of changes come out; if one applies them, one has the disk.
export type { BackendName } from './backend.ts';
export type { RootOptions } from './root-engine.ts';
export { type WatchEvents, Watcher, type WatchSettings } from './watcher.ts';
