// The files that exist, kept from what a stream tells.
import type { Change, FileRecord } from '../protocol.ts';
import type { AgentEvent } from './events.ts';

/** What an event did to one path of the tree. */
export interface TreeChange {
  /** What was done to it, be it a file, a directory or a symlink. */
  readonly event: 'add' | 'change' | 'unlink';
  /** The real path of the root. */
  readonly root: string;
  /** As it is now; on an unlink, as it was. */
  readonly record: FileRecord;
}

/** Is told of the changes that one event made, once all of them are in the tree. */
export type TreeListener = (changes: readonly TreeChange[]) => void;

type Files = Map<string, FileRecord>;

const noFiles: ReadonlyMap<string, FileRecord> = new Map();

/**
 * The files, directories and symlinks that exist below each root, from the events of a stream with `snapshot: true`:
 * hand it each event, in order, `connected` and `gap` too. When a fresh snapshot comes, what was there stays until that
 * is complete; then the differences are told as changes. {@link LiveTree} does all this by itself.
 */
export class Tree {
  #roots = new Map<string, Files>();
  /** The roots of the snapshot that is coming, as far as it has come; undefined while none is. */
  #coming: Map<string, Files> | undefined;
  #whole = false;
  /** How many roots a snapshot has. */
  #expected: number | undefined;
  readonly #listeners = new Set<TreeListener>();

  /** Whether it is all there: false before the snapshot, and from a gap until the snapshot that mends it. */
  get whole(): boolean {
    return this.#whole;
  }

  /** The roots, by their real paths. */
  get roots(): string[] {
    return [...this.#roots.keys()];
  }

  /** How many entries there are below all roots. */
  get size(): number {
    let size = 0;
    for (const files of this.#roots.values()) size += files.size;
    return size;
  }

  /**
   * The entries below a root, by path. A path that is not UTF-8 has the key PATH, NUL, `pathBytes`, since two such may
   * look the same.
   * @param root its real path; the first root's unless it is given
   */
  files(root: string | undefined = this.roots[0]): ReadonlyMap<string, FileRecord> {
    // Of no root at all there are none: it is no key.
    return this.#roots.get(root as string) ?? noFiles;
  }

  /** Every entry of every root. */
  *[Symbol.iterator](): IterableIterator<[root: string, record: FileRecord]> {
    for (const [root, files] of this.#roots) for (const record of files.values()) yield [root, record];
  }

  /**
   * Calls `listener` at each event that changes something.
   * @param _type there is only `change`
   * @returns what ends that
   */
  on(_type: 'change', listener: TreeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes in an event; those that are about no files are passed over. */
  apply(event: AgentEvent): void {
    switch (event.type) {
      case 'connected':
        if (event.resumed) return;
        this.#expected = event.roots.length;
        this.#begin();
        return;
      case 'gap':
        // After a recrawl the differences follow by themselves.
        if (event.reason !== 'recrawl') this.#begin();
        return;
      case 'snapshot': {
        this.#coming ??= new Map();
        const coming = filesOf(this.#coming, event.root);
        for (const record of event.files) coming.set(keyOf(record), record);
        if (event.whole) this.#tell(this.#complete());
        return;
      }
      case 'file':
        // Changes come after the snapshot, so that it was complete, without the roots that are no more.
        if (this.#coming) this.#tell(this.#complete());
        this.#tell(this.#takeChanges(event.root, event.changes));
        return;
      case 'root':
        if (event.watched) filesOf(this.#roots, event.root);
        else this.#roots.delete(event.root);
        return;
      default:
    }
  }

  #begin(): void {
    this.#whole = false;
    this.#coming = new Map();
    // Where nothing is watched, nothing comes.
    if (this.#expected === 0) this.#tell(this.#complete());
  }

  /** Puts the snapshot in the place of what was. */
  #complete(): TreeChange[] {
    const coming = this.#coming ?? new Map<string, Files>();
    const changes = [...new Map([...this.#roots, ...coming]).keys()].flatMap((root) =>
      differences(root, this.files(root), coming.get(root) ?? noFiles),
    );
    this.#roots = coming;
    this.#coming = undefined;
    this.#whole = true;
    return changes;
  }

  #takeChanges(root: string, changes: readonly Change[]): TreeChange[] {
    const files = filesOf(this.#roots, root);
    const told: TreeChange[] = [];
    for (const { event, from: _from, ...entry } of changes) {
      const key = keyOf(entry);
      const before = files.get(key);
      if (event.startsWith('unlink')) {
        files.delete(key);
        if (before) told.push({ event: 'unlink', root, record: before });
      } else {
        const record = { size: 0, mtime: 0, ...entry };
        files.set(key, record);
        told.push({ event: before ? 'change' : 'add', root, record });
      }
    }
    return told;
  }

  #tell(changes: readonly TreeChange[]): void {
    if (changes.length > 0) for (const listener of this.#listeners) callListener(listener, changes);
  }
}

/** Calls a user's function; what it throws is its own, and keeps the others from nothing. */
export function callListener<Argument>(listener: (argument: Argument) => void, argument: Argument): void {
  try {
    listener(argument);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function filesOf(roots: Map<string, Files>, root: string): Files {
  const files = roots.get(root) ?? new Map();
  roots.set(root, files);
  return files;
}

function keyOf({ path, pathBytes }: { path: string; pathBytes?: string }): string {
  return pathBytes ? `${path}\0${pathBytes}` : path;
}

/** From what was to what is: first what went, the last first, then what came. */
function differences(
  root: string,
  before: ReadonlyMap<string, FileRecord>,
  after: ReadonlyMap<string, FileRecord>,
): TreeChange[] {
  const gone = [...before].filter(([key, { kind }]) => after.get(key)?.kind !== kind).reverse();
  const changes: TreeChange[] = gone.map(([, record]) => ({ event: 'unlink', root, record }));
  for (const [key, record] of after) {
    const old = before.get(key);
    if (old?.kind !== record.kind) changes.push({ event: 'add', root, record });
    else if (old.size !== record.size || old.mtime !== record.mtime)
      changes.push({ event: 'change', root, record });
  }
  return changes;
}
