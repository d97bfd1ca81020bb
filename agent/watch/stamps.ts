// When entries came and changed last, in the journal's numbers, newest change last. Only entries that changed since the
// root is watched have a stamp: a crawl costs nothing, and a tree in which nothing happens holds nothing.

/** Where an entry lies. */
export interface StampedDirectory {
  readonly path: string;
}

/** No stamp: the entry has been there, unchanged, since the root is watched. */
export const noStamp = 0;

/**
 * The stamps of one root, linked by recency: what changed after a position is found at the cost of the answer. Columns,
 * some 50 bytes a stamp; a stamp is its row.
 */
export class Stamps<D extends StampedDirectory> {
  // Row 0 is the end of the list in both directions.
  private readonly cameSeqs: number[] = [0];
  private readonly changedSeqs: number[] = [0];
  private readonly older: number[] = [0];
  private readonly newer: number[] = [0];
  private readonly directories: (D | undefined)[] = [undefined];
  private readonly names: string[] = [''];
  private readonly free: number[] = [];
  /**
   * Those of entries that were taken out of the index and whose end is not reported yet, by path. An entry that comes
   * back before it is gets its stamp back: to everybody else it was never away.
   */
  private readonly leaving = new Map<string, number>();

  get size(): number {
    return this.names.length - 1 - this.free.length;
  }

  /**
   * Stamps an entry that has none, as the newest.
   * @param came 0 if it has been there since the root is watched
   */
  add(directory: D, name: string, came: number, changed: number): number {
    const stamp = this.free.pop() ?? this.names.length;
    this.cameSeqs[stamp] = came;
    this.directories[stamp] = directory;
    this.names[stamp] = name;
    this.link(stamp, changed);
    return stamp;
  }

  /** The entry changed: it is the newest now. */
  touch(stamp: number, changed: number): void {
    this.unlink(stamp);
    this.link(stamp, changed);
  }

  remove(stamp: number): void {
    this.unlink(stamp);
    this.directories[stamp] = undefined;
    this.names[stamp] = '';
    this.free.push(stamp);
  }

  /** The event with which the entry came, 0 for none. */
  came(stamp: number): number {
    return this.cameSeqs[stamp] as number;
  }

  /** The event that told its last change, or that it came. */
  changed(stamp: number): number {
    return this.changedSeqs[stamp] as number;
  }

  directory(stamp: number): D {
    return this.directories[stamp] as D;
  }

  name(stamp: number): string {
    return this.names[stamp] as string;
  }

  /** The entry was taken out of the index; `took` or `comeBack` follows. */
  leave(path: string, stamp: number): void {
    this.leaving.set(path, stamp);
  }

  /** The stamp of what was at `path`, if its end is not reported yet: the caller removes it. */
  took(path: string): number {
    const stamp = this.leaving.get(path);
    if (stamp === undefined) return noStamp;
    this.leaving.delete(path);
    return stamp;
  }

  /** Whether any entry left without a report. */
  get areAnyLeaving(): boolean {
    return this.leaving.size > 0;
  }

  /** An entry is at `path` again, before anybody heard that it was gone. */
  comeBack(path: string, directory: D): number {
    const stamp = this.took(path);
    if (stamp !== noStamp) this.directories[stamp] = directory;
    return stamp;
  }

  /** Those changed after event `seq`, the newest first. */
  *since(seq: number): Generator<number, void> {
    for (let stamp = this.older[0] as number; stamp !== 0 && this.changed(stamp) > seq; ) {
      yield stamp;
      stamp = this.older[stamp] as number;
    }
  }

  /** All, the oldest change first. */
  *all(): Generator<number, void> {
    for (let stamp = this.newer[0] as number; stamp !== 0; stamp = this.newer[stamp] as number) yield stamp;
  }

  private link(stamp: number, changed: number): void {
    const newest = this.older[0] as number;
    this.changedSeqs[stamp] = changed;
    this.older[stamp] = newest;
    this.newer[stamp] = 0;
    this.newer[newest] = stamp;
    this.older[0] = stamp;
  }

  private unlink(stamp: number): void {
    const older = this.older[stamp] as number;
    const newer = this.newer[stamp] as number;
    this.newer[older] = newer;
    this.older[newer] = older;
  }
}
