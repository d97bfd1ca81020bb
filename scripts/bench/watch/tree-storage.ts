// What the trees of a run lie on, and what the kernel allows for watching them.
import { readFileSync, statfsSync } from 'node:fs';
import type { Bench } from '../support/bench.ts';

/** Magic numbers of statfs(2). */
const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlayfs',
};

/** The file systems of the trees, and the limits of inotify. */
export function describeTrees(bench: Bench): string {
  return (
    `trees on ${fileSystemOf(bench.diskDirectory)}, those of the overflow on ${fileSystemOf(bench.memoryDirectory)}; ` +
    `fs.inotify: max_user_watches ${inotifyLimit('max_user_watches')}, ` +
    `max_queued_events ${inotifyLimit('max_queued_events')}`
  );
}

function fileSystemOf(directory: string): string {
  const { type } = statfsSync(directory);
  return fileSystems[type] ?? `file system 0x${type.toString(16)}`;
}

function inotifyLimit(name: string): string {
  return readFileSync(`/proc/sys/fs/inotify/${name}`, 'utf8').trim();
}
