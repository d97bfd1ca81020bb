// The strict model of test/support for trees of 100,000 entries: it counts what is in a directory, where
// that one looks through all that it knows.
import type { Change, FileRecord } from '../../shared/index.ts';
import { TreeModel } from '../../test/support/model.ts';

/** Directories' own sizes and times mean nothing, and are not kept. */
const sizeless = { size: 0, mtime: 0 };

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The files below one root, as told. */
export class SoakModel extends TreeModel {
  /** Entries by directory, '' being the root; a directory with none has no count. */
  private readonly children = new Map<string, number>();

  /** Begins with what the agent's index holds. */
  static ofIndex(records: Iterable<FileRecord>): SoakModel {
    const model = new SoakModel();
    for (const { path, kind, size, mtime } of records) {
      if (model.entries.has(path)) model.faults.push(`the index lists ${path} twice`);
      model.put({ event: 'add', path, kind, size, mtime });
    }
    return model;
  }

  /** Applies a batch. */
  override apply(changes: readonly Change[]): void {
    for (const change of changes) {
      const { event, path, kind } = change;
      const known = this.entries.get(path);
      switch (event) {
        case 'add':
        case 'addDir': {
          if (known !== undefined) this.faults.push(`${event} of the known ${path}`);
          const parent = parentOf(path);
          if (parent !== '' && this.entries.get(parent)?.kind !== 'dir') {
            this.faults.push(`${event} of ${path} before its directory`);
          }
          this.put(change);
          break;
        }
        case 'change':
          if (known?.kind !== kind) this.faults.push(`change of the unknown ${path}`);
          this.put(change);
          break;
        default:
          if (known?.kind !== kind) this.faults.push(`${event} of the unknown ${path}`);
          if (this.children.has(path)) this.faults.push(`${event} of ${path} before what is in it`);
          if (this.entries.delete(path)) this.count(parentOf(path), -1);
      }
    }
  }

  private put({ path, kind, size = 0, mtime = 0 }: Change): void {
    if (!this.entries.has(path)) this.count(parentOf(path), 1);
    this.entries.set(path, kind === 'dir' ? { kind, ...sizeless } : { kind, size, mtime });
  }

  private count(directory: string, by: number): void {
    const children = (this.children.get(directory) ?? 0) + by;
    if (children === 0) this.children.delete(directory);
    else this.children.set(directory, children);
  }
}
