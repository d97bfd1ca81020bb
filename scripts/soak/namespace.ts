// A namespace of the run's own: there it may mount file systems and lower limits, and the rest of the machine is none
// the wiser. See user_namespaces(7) and mount_namespaces(7).
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';

const mark = 'DEVAGENT_SOAK_NAMESPACE';
const enter = ['--user', '--map-root-user', '--mount'];
const watchLimit = '/proc/sys/user/max_inotify_watches';

/** Whether this process is in a namespace of its own. */
export const inNamespace = process.env[mark] === '1';

/**
 * Does this process's work in one that is in a namespace, where that can be made.
 * @returns how that one ended; undefined where the work has to be done here
 */
export async function elsewhere(): Promise<number | undefined> {
  if (inNamespace || process.platform !== 'linux') return undefined;
  const probe = `mount -t ramfs none /mnt && echo 1000000 > ${watchLimit}`;
  if (spawnSync('unshare', [...enter, 'sh', '-c', probe]).status !== 0) return undefined;
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', [...enter, ...command], {
    stdio: 'inherit',
    env: { ...process.env, [mark]: '1' },
  });
  // Of a terminal it hears for itself.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

/** Mounts a file system of this type at a directory; it ends with the namespace. */
export function mount(type: 'ramfs' | 'tmpfs', at: string, options = 'mode=700'): void {
  const { status, stderr } = spawnSync('mount', ['-t', type, '-o', options, 'none', at], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`mount -t ${type} ${at}: ${stderr}`);
}

/** Takes it away again, also while it is in use. */
export function unmount(at: string): void {
  // Where none is mounted that is all the same.
  spawnSync('umount', ['-l', at], { stdio: 'ignore' });
}

/** Has the kernel give this namespace's processes no more than so many inotify watches; returns the limit before. */
export function limitWatches(limit: number): number {
  const before = Number(readFileSync(watchLimit, 'utf8'));
  writeFileSync(watchLimit, String(limit));
  return before;
}

/** Sets how many descriptors a process may have open at once; undefined: as many as it may ever have. */
export function limitDescriptors(pid: number, limit: number | undefined): void {
  const soft = limit ?? hardLimit(pid);
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
}

function hardLimit(pid: number): string {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  return /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1] ?? 'unlimited';
}
