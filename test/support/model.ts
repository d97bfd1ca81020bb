// A tree that is built from events alone, to be compared with the disk. It is strict: an event that does
// not fit what it knows is a fault of the watcher, even if the end is right.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Change, EntryKind, FileRecord } from '../../shared/index.ts';

/** What is compared of an entry; sizes of directories mean nothing. */
export interface ModelEntry {
  readonly kind: EntryKind;
  readonly size: number;
  readonly mtime: number;
}

function entry(kind: EntryKind, size: number, mtime: number): ModelEntry {
  return kind === 'dir' ? { kind, size: 0, mtime: 0 } : { kind, size, mtime };
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The files below one root, as told. */
export class TreeModel {
  /** Events that did not fit. */
  readonly faults: string[] = [];
  private readonly known = new Map<string, ModelEntry>();
  /** Entries by directory, '' being the root; a directory with none has no count. */
  private readonly children = new Map<string, number>();

  /** Begins with what is on disk, for a tree that is known to be at rest. */
  static ofDisk(root: string): TreeModel {
    const model = new TreeModel();
    for (const [path, found] of readTree(root)) model.put(path, found);
    return model;
  }

  /** Begins with what an index or a snapshot lists. */
  static ofRecords(records: Iterable<FileRecord>): TreeModel {
    const model = new TreeModel();
    model.load(records);
    return model;
  }

  /** What is known, by path. */
  get entries(): ReadonlyMap<string, ModelEntry> {
    return this.known;
  }

  /** Takes in a piece of a snapshot. */
  load(files: Iterable<FileRecord>): void {
    for (const { path, kind, size, mtime } of files) {
      if (this.known.has(path)) this.faults.push(`${path} is listed twice`);
      if (!this.hasParent(path)) this.faults.push(`${path} is listed before its directory`);
      this.put(path, entry(kind, size, mtime));
    }
  }

  /** Applies a batch. */
  apply(changes: readonly Change[]): void {
    for (const { event, path, kind, size = 0, mtime = 0 } of changes) {
      const known = this.known.get(path);
      switch (event) {
        case 'add':
        case 'addDir':
          if (known !== undefined) this.faults.push(`${event} of the known ${path}`);
          if (!this.hasParent(path)) this.faults.push(`${event} of ${path} before its directory`);
          this.put(path, entry(kind, size, mtime));
          break;
        case 'change':
          if (known?.kind !== kind) this.faults.push(`change of the unknown ${path}`);
          this.put(path, entry(kind, size, mtime));
          break;
        default:
          if (known?.kind !== kind) this.faults.push(`${event} of the unknown ${path}`);
          if (this.children.has(path)) this.faults.push(`${event} of ${path} before what is in it`);
          if (this.known.delete(path)) this.count(parentOf(path), -1);
      }
    }
  }

  /**
   * How it differs from the disk: empty when it does not.
   * @param disk what is there, unless all that is below the root counts
   */
  differences(root: string, disk: ReadonlyMap<string, ModelEntry> = readTree(root)): string[] {
    const found: string[] = [];
    for (const [path, there] of disk) {
      const known = this.known.get(path);
      if (known === undefined) found.push(`missing ${path}`);
      else if (known.kind !== there.kind || known.size !== there.size || known.mtime !== there.mtime) {
        found.push(`stale ${path}`);
      }
    }
    for (const path of this.known.keys()) if (!disk.has(path)) found.push(`ghost ${path}`);
    return found;
  }

  private hasParent(path: string): boolean {
    const parent = parentOf(path);
    return parent === '' || this.known.get(parent)?.kind === 'dir';
  }

  private put(path: string, found: ModelEntry): void {
    if (!this.known.has(path)) this.count(parentOf(path), 1);
    this.known.set(path, found);
  }

  private count(directory: string, by: number): void {
    const children = (this.children.get(directory) ?? 0) + by;
    if (children === 0) this.children.delete(directory);
    else this.children.set(directory, children);
  }
}

/** Everything below a root but `.git`, by relative path. */
export function readTree(root: string): Map<string, ModelEntry> {
  const tree = new Map<string, ModelEntry>();
  const walk = (directory: string): void => {
    for (const name of readdirSync(join(root, directory))) {
      if (name === '.git') continue;
      const path = directory === '' ? name : `${directory}/${name}`;
      const stats = lstatSync(join(root, path));
      const kind = stats.isDirectory() ? 'dir' : stats.isSymbolicLink() ? 'symlink' : 'file';
      tree.set(path, entry(kind, stats.size, stats.mtimeMs));
      if (kind === 'dir') walk(path);
    }
  };
  walk('');
  return tree;
}
