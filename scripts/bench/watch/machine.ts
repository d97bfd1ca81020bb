// What a run ran on: numbers without it mean nothing.
import { readFileSync, statfsSync } from 'node:fs';
import { arch, cpus, type as osType, release, totalmem } from 'node:os';
import type { Bench } from './bench.ts';
import type { Peer } from './peer.ts';

/** Magic numbers of statfs(2). */
const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlayfs',
};

/** The machine, in two lines, with the load average of the minute before the run. */
export function describeMachine(bench: Bench): string[] {
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  return [
    `${cpus().length} × ${cpus()[0]?.model.trim()}, ${memory}, ${osType()} ${release()} ${arch()}, ` +
      `load average before the run ${bench.loadBefore.toFixed(1)}`,
    `trees on ${fileSystemOf(bench.diskDirectory)}, those of the overflow on ${fileSystemOf(bench.memoryDirectory)}; ` +
      `fs.inotify: max_user_watches ${inotifyLimit('max_user_watches')}, ` +
      `max_queued_events ${inotifyLimit('max_queued_events')}`,
  ];
}

/** Versions of everything that was measured. */
export function describeVersions(peers: readonly Peer[]): string {
  const versions = peers
    .filter(({ latencyOnly }) => !latencyOnly)
    .map(({ name, version }) => `${name} ${version}`);
  return [`node ${process.versions.node}`, ...versions].join(', ');
}

function fileSystemOf(directory: string): string {
  const { type } = statfsSync(directory);
  return fileSystems[type] ?? `file system 0x${type.toString(16)}`;
}

function inotifyLimit(name: string): string {
  return readFileSync(`/proc/sys/fs/inotify/${name}`, 'utf8').trim();
}
