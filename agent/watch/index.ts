// watch/: from hints to truth. Settled batches of changes come out; if one applies them, one has the disk.
export { Watcher } from './watcher.ts';
