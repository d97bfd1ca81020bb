// What is in a folder, as the agent told it, so that after a gap it can be said what changed meanwhile.
import type { Change, FileRecord } from '../../shared/index.ts';

/** The entries of a root. It takes snapshots and changes in, and gives the changes that either made. */
export class FolderState {
  #entries = new Map<string, Entry>();
  /** A snapshot that is not complete yet. */
  #next = new Map<string, Entry>();
  #isKnown = false;

  /** Begins with a new connection: what was left of a snapshot will come again. */
  begin(): void {
    this.#next = new Map();
  }

  /** Takes in changes. */
  apply(changes: readonly Change[]): void {
    for (const { event, path, kind, size = 0, mtime = 0 } of changes) {
      if (event === 'unlink' || event === 'unlinkDir') this.#entries.delete(path);
      else this.#entries.set(path, entryOf({ kind, size, mtime }));
    }
  }

  /**
   * Takes in a piece of a snapshot.
   * @returns with the last one, what became of the files since the state before; nothing if there was none
   */
  takeSnapshot(files: readonly FileRecord[], done: boolean): SeenChange[] {
    for (const file of files) this.#next.set(file.path, entryOf(file));
    if (!done) return [];
    const changes = this.#isKnown ? differences(this.#entries, this.#next) : [];
    this.#entries = this.#next;
    this.#next = new Map();
    this.#isKnown = true;
    return changes;
  }
}

type SeenChange = Pick<Change, 'event' | 'path' | 'kind'>;

interface Entry {
  readonly kind: Change['kind'];
  /** The same as long as nothing was written: size and time. */
  readonly version: string;
}

function entryOf({ kind, size, mtime }: Pick<FileRecord, 'kind' | 'size' | 'mtime'>): Entry {
  // A directory's own are of no interest: what changed in it is told by itself.
  return { kind, version: kind === 'dir' ? '' : `${size}:${mtime}` };
}

function differences(before: ReadonlyMap<string, Entry>, after: ReadonlyMap<string, Entry>): SeenChange[] {
  const changes: SeenChange[] = [];
  for (const [path, { kind }] of before) if (!after.has(path)) changes.push({ event: 'unlink', path, kind });
  for (const [path, { kind, version }] of after) {
    const old = before.get(path);
    if (old === undefined) changes.push({ event: 'add', path, kind });
    else if (old.kind !== kind || old.version !== version) changes.push({ event: 'change', path, kind });
  }
  return changes;
}
