// watch/: from hints to truth. Settled batches of changes come out; if one applies them, one has the disk.

export type { Placed } from './clock.ts';
export type { IndexKeeper } from './kept-index.ts';
export type { ViewRequest, WideView } from './views.ts';
export { Watcher } from './watcher.ts';
