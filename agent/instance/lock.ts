// A lock among processes that survives the death of its owner, and never has two owners.
//
// The lock is a file that names its owner. What is hard about such locks is breaking one whose owner died:
// two processes find it stale; the first removes it and takes the lock anew; the second, still acting on
// what it read, removes the lock of the first. Here a stale lock is broken only while holding another
// lock, whose name is made of the stale one's random id, and only after reading the file again. Nobody
// but the dead owner and the holder of that second lock ever removes a file with this id, so between the
// reading and the removing it can't change. The second lock is one of the same kind, and breaks alike.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { DevagentError, readRegularFile, UnfitFileError } from '../../shared/index.ts';
import { bootId } from './boot-id.ts';
import { createExclusive } from './exclusive-file.ts';
import { errorCode } from './file-errors.ts';
import { identify, isAlive } from './process-alive.ts';

/** Locks are held for milliseconds; the slowest honest holder waits for a disk. */
const defaultWaitMs = 5_000;
/** A fraction of how long a lock is held, and nothing that a processor feels. */
const retryMs = 20;
/** Some hundred bytes are a lock; more is something else. */
const limitBytes = 4096;

/** A lock that is held. */
export interface Lock {
  readonly path: string;
  /** Lets go of it; a second call does nothing. */
  release(): void;
}

export interface LockOptions {
  /** How long to wait for a living owner; none is waited for on another machine. */
  readonly waitMs?: number;
  /** Only an owner with the same words is waited for; any unless given. */
  readonly purpose?: string;
}

const ownerSchema = z.object({
  // kill(2) takes 0 and negative numbers for groups of processes.
  pid: z.int().positive(),
  start: z.string().optional(),
  // A directory can be shared between machines, and a pid means something on one of them, until its next boot.
  host: z.string().optional(),
  boot: z.string().optional(),
  purpose: z.string().optional(),
  // Becomes part of a path.
  id: z.string().regex(/^[0-9a-f]{16}$/),
});
type Owner = z.output<typeof ownerSchema>;

/**
 * Takes the lock at `path`, waiting while a living process has it. A lock whose owner died is broken.
 * @throws DevagentError `lock_held` naming the owner and the file, when it was not to be had in time
 */
export async function acquireLock(
  path: string,
  { waitMs = defaultWaitMs, purpose }: LockOptions = {},
): Promise<Lock> {
  const mine: Owner = {
    ...identify(process.pid),
    host: hostname(),
    boot: bootId(),
    ...(purpose === undefined ? {} : { purpose }),
    id: randomBytes(8).toString('hex'),
  };
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    if (createExclusive(path, JSON.stringify(mine))) return held(path, mine.id);
    const owner = readOwner(path);
    // A network file system can repeat a request whose answer was lost, and then report that the name is taken: by us.
    if (owner.kind === 'known' && owner.id === mine.id) return held(path, mine.id);

    if (owner.kind === 'gone') continue;
    const leftMs = isWorthWaiting(owner, mine) ? Math.max(deadlineMs - performance.now(), 0) : 0;
    if (owner.kind === 'known' && isDead(owner, mine)) await breakLock(path, owner.id, leftMs);
    else if (leftMs === 0) throw notAcquired(path, owner, waitMs);
    else await sleep(Math.min(retryMs, leftMs));
  }
}

function isElsewhere(owner: Owner, mine: Owner): boolean {
  return owner.host !== undefined && owner.host !== mine.host;
}

/** Of an owner on another machine nobody here can tell. */
function isDead(owner: Owner, mine: Owner): boolean {
  if (isElsewhere(owner, mine)) return false;
  return (owner.boot !== undefined && owner.boot !== mine.boot) || !isAlive(owner);
}

function isWorthWaiting(owner: Reading, mine: Owner): boolean {
  if (owner.kind !== 'known' || isDead(owner, mine)) return true;
  return !isElsewhere(owner, mine) && (mine.purpose === undefined || owner.purpose === mine.purpose);
}

function held(path: string, id: string): Lock {
  return {
    path,
    release: () => {
      // Somebody may have deleted the file by hand, and another process have taken the lock since.
      const owner = readOwner(path);
      if (owner.kind === 'known' && owner.id === id) rmSync(path, { force: true });
    },
  };
}

/** Removes the lock file of a dead owner; see the top of this file for why it takes a lock to do so. */
async function breakLock(path: string, id: string, waitMs: number): Promise<void> {
  const breaking = await acquireLock(`${path}.${id}`, { waitMs });
  try {
    const owner = readOwner(path);
    if (owner.kind === 'known' && owner.id === id) rmSync(path, { force: true });
  } finally {
    breaking.release();
  }
}

type Reading = ({ kind: 'known' } & Owner) | { kind: 'gone' } | { kind: 'unreadable' };

function readOwner(path: string): Reading {
  try {
    return { kind: 'known', ...ownerSchema.parse(JSON.parse(readRegularFile(path, limitBytes).text)) };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { kind: 'gone' };
    const unreadable =
      error instanceof SyntaxError || error instanceof z.ZodError || error instanceof UnfitFileError;
    // Empty where there are no hard links and its owner is about to write it; else no lock of ours.
    if (unreadable) return { kind: 'unreadable' };
    throw error;
  }
}

function notAcquired(path: string, owner: Reading, waitMs: number): DevagentError {
  const why =
    owner.kind === 'known' && owner.host !== undefined && owner.host !== hostname()
      ? `the process ${owner.pid} on the machine ${owner.host} holds it: end it, or, if it has ended, delete that file`
      : owner.kind === 'known'
        ? `the process ${owner.pid} has held it for ${waitMs} ms: wait for it, or end it with "kill ${owner.pid}"`
        : 'it does not say which process holds it: delete it if no agent is starting just now';
  return new DevagentError('lock_held', `can't get the lock ${path}: ${why}`);
}
