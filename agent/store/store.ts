// The store: what an agent keeps in its state directory so that the next one goes on where it ended, even if it was
// killed. It survives the process, not the machine: what was written is in the system's memory, and the disk has it
// later. Whatever goes wrong with it, the agent goes on without.
import { join } from 'node:path';
import { DevagentError, ensurePrivateDirectory, type StoreStatus } from '../../shared/index.ts';
import { acquireLock, bootId, errorCode, type Lock } from '../instance/index.ts';
import type { JournalSink, KeptFrames } from '../journal/index.ts';
import type { Log } from '../log/index.ts';
import { type KeptCursor, readCursors, writeCursors } from './cursor-file.ts';
import { findIndexes, IndexFiles, type IndexHeader } from './index-files.ts';
import { isOutOfFiles, JournalFiles } from './journal-files.ts';
import { eventsAfter, type ToldEvent } from './redo.ts';
import { type Found, findKept } from './restore.ts';

/** A predecessor that is stopping has closed its last connection by then, as long as it can take for that. */
const lockWaitMs = 4_000;
/** How often a store that could not be written is marked as such, until that can be written. */
const retryMs = 10_000;

/** What a store is made with. */
export interface StoreOptions {
  readonly directory: string;
  /** Names the place of the agent: whoever else has the lock and the same place is on its way out. */
  readonly place: string;
  /** Of the journal, in bytes. */
  readonly limitBytes: number;
  /** Of the journal, if it does not go on with what was kept. */
  readonly epoch: string;
}

/** What an agent keeps on disk. */
export class Store implements JournalSink {
  private readonly directory: string;
  private readonly log: Log;
  /** Called when indexes should be written down: soon the journal will let go of what has happened since the last time. */
  wantsIndexes: (() => void) | undefined;
  private lock: Lock | undefined;
  private epoch = '';
  private indexes: IndexFiles | undefined;
  private keptSeq = 0;
  private files: JournalFiles | undefined;
  private isRestored = false;
  private trouble: string | null = null;
  private retry: NodeJS.Timeout | undefined;

  private constructor(directory: string, log: Log) {
    this.directory = directory;
    this.log = log;
  }

  /**
   * Opens the store and reads what was kept. Never rejects: what can't be opened is `degraded`.
   * @returns the store, and what the journal goes on with
   */
  static async open(
    options: StoreOptions,
    log: Log,
  ): Promise<{ readonly store: Store; readonly kept: KeptFrames | undefined }> {
    const store = new Store(options.directory, log);
    try {
      ensurePrivateDirectory(options.directory, 'state');
      store.lock = await acquireLock(`${options.directory}/lock`, {
        waitMs: lockWaitMs,
        purpose: options.place,
      });
      return { store, kept: store.load(options) };
    } catch (error) {
      store.degrade(asSentence(error, options.directory), error);
      return { store, kept: undefined };
    }
  }

  private load({ directory, limitBytes, epoch }: StoreOptions): KeptFrames | undefined {
    const startedMs = performance.now();
    const boot = bootId();
    const { found, headers } = find(directory, boot);
    if (found.kind === 'unusable') {
      this.log.warn('the store was begun anew: cursors from before are no longer valid', {
        path: directory,
        why: found.why,
      });
    }
    const kept = found.kind === 'usable' ? found : undefined;
    this.epoch = kept?.mark.epoch ?? epoch;
    this.keptSeq = kept?.headSeq ?? 0;
    this.indexes = new IndexFiles(directory, headers);
    const host = {
      neededSeq: () => this.neededSeq(),
      dropped: (beforeSeq: number) => this.dropIndexes(beforeSeq),
      rotated: () => this.wantsIndexes?.(),
    };
    this.files = new JournalFiles({ directory, epoch: this.epoch, boot, limitBytes, found, host });
    this.isRestored = kept !== undefined;
    if (kept === undefined) return undefined;
    this.log.info('store loaded', {
      path: directory,
      epoch: kept.mark.epoch,
      head: kept.headSeq,
      bytes: this.files.bytes,
      ms: Math.round(performance.now() - startedMs),
    });
    const frames = kept.segments.flatMap(({ runs }) => runs);
    return { epoch: kept.mark.epoch, headSeq: kept.headSeq, frames };
  }

  /** What `GET /v1/status` says of it. */
  status(): StoreStatus {
    return {
      path: this.directory,
      bytes: (this.files?.bytes ?? 0) + (this.indexes?.bytes ?? 0),
      restored: this.isRestored,
      degraded: this.trouble,
    };
  }

  write(buffers: readonly Buffer[], firstSeq: number, lastSeq: number): void {
    if (this.files === undefined) return;
    try {
      this.files.append(buffers, firstSeq, lastSeq);
    } catch (error) {
      this.fail(error);
    }
  }

  /**
   * The agent begins with these roots.
   * @returns the position from which on no other root was watched
   */
  beginRoots(roots: readonly string[]): number {
    let sinceSeq = 0;
    for (const header of [...(this.indexes?.all() ?? [])]) {
      if (roots.includes(header.root)) continue;
      const endSeq = Math.min(header.endSeq, this.keptSeq);
      this.attempt((indexes) => {
        if (header.endSeq !== endSeq) indexes.note({ ...header, endSeq });
      });
      sinceSeq = Math.max(sinceSeq, endSeq + 1);
    }
    return sinceSeq;
  }

  /**
   * A root is about to be watched.
   * @returns its index as it was put, and the events after that; `lost` if it was watched before and they can't be had;
   *   undefined if nothing is known of it
   */
  takeIndex(root: string): { image: Buffer; events: ToldEvent[] } | 'lost' | undefined {
    return this.attempt((indexes) => {
      const known = indexes.of(root);
      if (known === undefined) {
        indexes.note({ ...this.headerOf(root), headSeq: 0, imageBytes: 0, imageSum: 0 });
        return undefined;
      }
      indexes.note({ ...known, endSeq: Number.POSITIVE_INFINITY });
      if (known.imageBytes === 0) return 'lost';
      const image = indexes.image(root);
      const events = eventsAfter(this.directory, this.epoch, root, known.headSeq);
      if (image !== undefined && events !== undefined) return { image, events };
      this.log.warn('what was known of a root is lost', { root });
      return 'lost';
    });
  }

  /**
   * Keeps what is known of a root. Never rejects.
   * @param headSeq the journal's newest event, which the store has
   */
  async putIndex(root: string, image: readonly Buffer[], headSeq: number, isWatched: boolean): Promise<void> {
    const { indexes } = this;
    try {
      const endSeq = isWatched ? Number.POSITIVE_INFINITY : headSeq;
      await indexes?.put({ ...this.headerOf(root), headSeq, endSeq }, image);
    } catch (error) {
      if (indexes !== this.indexes) return;
      // The one from before is good as far as it goes, and the journal has the rest.
      if (isOutOfFiles(error)) this.log.warn('the index of a root could not be kept now', { root, error });
      else this.fail(error);
    }
  }

  /** The named cursors as they were kept, the least recently used first. */
  loadCursors(): readonly KeptCursor[] {
    return (
      this.attempt(() => {
        const kept = readCursors(this.cursorPath);
        if (kept === undefined) this.log.warn('the named cursors are damaged', { path: this.cursorPath });
        return kept;
      }) ?? []
    );
  }

  /** Keeps the named cursors in place of those before. */
  keepCursors(cursors: readonly KeptCursor[]): void {
    this.attempt(() => {
      try {
        writeCursors(this.cursorPath, cursors);
      } catch (error) {
        if (!isOutOfFiles(error)) throw error;
        this.log.warn('the named cursors could not be kept now', { error });
      }
    });
  }

  private get cursorPath(): string {
    return join(this.directory, 'cursors');
  }

  private headerOf(root: string): Pick<IndexHeader, 'root' | 'epoch' | 'endSeq'> {
    return { root, epoch: this.epoch, endSeq: Number.POSITIVE_INFINITY };
  }

  /** Where what is known of roots ends, there the journal has to go on. */
  private neededSeq(): number {
    let needed = Number.POSITIVE_INFINITY;
    for (const { headSeq, endSeq, imageBytes } of this.indexes?.all() ?? []) {
      if (imageBytes > 0 && headSeq < endSeq) needed = Math.min(needed, headSeq + 1);
    }
    return needed;
  }

  private dropIndexes(beforeSeq: number): void {
    for (const header of [...(this.indexes?.all() ?? [])]) {
      if (header.imageBytes === 0 || header.headSeq >= header.endSeq || header.headSeq + 1 >= beforeSeq)
        continue;
      this.indexes?.note({ ...header, imageBytes: 0, imageSum: 0 });
    }
  }

  private attempt<T>(what: (indexes: IndexFiles) => T): T | undefined {
    if (this.indexes === undefined) return undefined;
    try {
      return what(this.indexes);
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  private fail(error: unknown): void {
    const { files } = this;
    this.files = undefined;
    this.indexes = undefined;
    this.degrade(asSentence(error, this.directory), error);
    if (files !== undefined) this.giveUp(files);
  }

  /** Closes it in order. No cursor may be given to anyone afterwards. */
  close(): void {
    clearTimeout(this.retry);
    try {
      this.files?.finish();
    } catch (error) {
      // Then it is as after a kill, and what it holds is whole all the same.
      this.log.warn('the store could not be closed in order', { path: this.directory, error });
    }
    this.files = undefined;
    this.lock?.release();
    this.lock = undefined;
  }

  private degrade(why: string, error: unknown): void {
    this.trouble = why;
    this.log.warn('the store is not used', { path: this.directory, why, error });
  }

  /** Cursors are given from here on that are not in the store: whoever comes next must not go on with it. */
  private giveUp(files: JournalFiles): void {
    try {
      files.giveUp();
    } catch {
      // Nothing can be written at all. The lock keeps others out for as long as this one lives.
      this.retry = setTimeout(() => this.giveUp(files), retryMs).unref();
    }
  }
}

/** What is in the store, the roots included. */
function find(directory: string, boot: string): { found: Found; headers: readonly IndexHeader[] } {
  const found = findKept(directory, boot);
  if (found.kind !== 'usable') return { found, headers: [] };
  const headers = findIndexes(directory, found.mark.epoch);
  if (headers === undefined) {
    return { found: { kind: 'unusable', why: 'what it knows of a root is damaged' }, headers: [] };
  }
  const late = headers.find(({ headSeq }) => headSeq > found.headSeq);
  if (late === undefined) return { found, headers };
  const why = `its journal ends at event ${found.headSeq}, and what it knows of ${late.root} is of event ${late.headSeq}`;
  return { found: { kind: 'unusable', why }, headers: [] };
}

/** Says what is wrong and what to do about it. */
function asSentence(error: unknown, directory: string): string {
  const code = errorCode(error);
  if (code === 'lock_held') {
    return `another agent keeps its events in ${directory}, so this one keeps its own in memory: give it another name or AGENT_STATE_DIR, or start it with --no-store (${messageOf(error)})`;
  }
  if (error instanceof DevagentError) return `events are kept in memory only: ${error.message}`;
  return `${directory} can't be written (${code ?? messageOf(error)}), so events are kept in memory only: make room or make it writable, and restart the agent`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
