// A tree that is built from events alone, to be compared with the disk. It is strict: an event that does
// not fit what it knows is a fault of the watcher, even if the end is right.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Change, EntryKind, FileRecord } from '../../shared/index.ts';

/** What is compared of an entry; sizes of directories mean nothing. */
interface ModelEntry {
  readonly kind: EntryKind;
  readonly size: number;
  readonly mtime: number;
}

function entry(kind: EntryKind, size: number, mtime: number): ModelEntry {
  return kind === 'dir' ? { kind, size: 0, mtime: 0 } : { kind, size, mtime };
}

/** The files below one root, as told. */
export class TreeModel {
  readonly entries = new Map<string, ModelEntry>();
  /** Events that did not fit. */
  readonly faults: string[] = [];

  /** Begins with what is on disk, for a tree that is known to be at rest. */
  static ofDisk(root: string): TreeModel {
    const model = new TreeModel();
    for (const [path, found] of readTree(root)) model.entries.set(path, found);
    return model;
  }

  /** Takes in a piece of a snapshot. */
  load(files: readonly FileRecord[]): void {
    for (const { path, kind, size, mtime } of files) {
      if (this.entries.has(path)) this.faults.push(`snapshot with ${path} twice`);
      if (path.includes('/') && !this.entries.has(path.slice(0, path.lastIndexOf('/')))) {
        this.faults.push(`snapshot with ${path} before its directory`);
      }
      this.entries.set(path, entry(kind, size, mtime));
    }
  }

  /** Applies a batch. */
  apply(changes: readonly Change[]): void {
    for (const { event, path, kind, size = 0, mtime = 0 } of changes) {
      const known = this.entries.get(path);
      switch (event) {
        case 'add':
        case 'addDir':
          if (known !== undefined) this.faults.push(`${event} of the known ${path}`);
          if (path.includes('/') && this.entries.get(path.slice(0, path.lastIndexOf('/')))?.kind !== 'dir') {
            this.faults.push(`${event} of ${path} before its directory`);
          }
          this.entries.set(path, entry(kind, size, mtime));
          break;
        case 'change':
          if (known?.kind !== kind) this.faults.push(`change of the unknown ${path}`);
          this.entries.set(path, entry(kind, size, mtime));
          break;
        default:
          if (known?.kind !== kind) this.faults.push(`${event} of the unknown ${path}`);
          if (kind === 'dir' && [...this.entries.keys()].some((other) => other.startsWith(`${path}/`))) {
            this.faults.push(`${event} of ${path} before what is in it`);
          }
          this.entries.delete(path);
      }
    }
  }

  /** How it differs from the disk: empty when it does not. */
  differences(root: string): string[] {
    const disk = readTree(root);
    const found: string[] = [];
    for (const [path, there] of disk) {
      const known = this.entries.get(path);
      if (known === undefined) found.push(`missing ${path}`);
      else if (known.kind !== there.kind || known.size !== there.size || known.mtime !== there.mtime) {
        found.push(`stale ${path}`);
      }
    }
    for (const path of this.entries.keys()) if (!disk.has(path)) found.push(`ghost ${path}`);
    return found;
  }
}

/** Everything below a root but `.git`, by relative path. */
function readTree(root: string): Map<string, ModelEntry> {
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
