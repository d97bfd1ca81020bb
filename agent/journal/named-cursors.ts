// Positions that somebody else keeps: a tool that asks now and then what changed names its cursor, and the agent
// remembers it.
import { type Cursor, limits } from '../../shared/index.ts';

/** A cursor with a name. */
export type NamedCursor = readonly [name: string, cursor: Cursor];

/** Named cursors, bounded: the least recently used one goes for a new one. */
export class NamedCursors {
  /** The least recently used first. */
  private readonly cursors: Map<string, Cursor>;
  private readonly onChange: (name: string, cursor: Cursor | undefined) => void;

  /**
   * @param initial the least recently used first
   * @param onChange called after each change; undefined for one that is forgotten
   */
  constructor(
    initial: Iterable<NamedCursor> = [],
    onChange: (name: string, cursor: Cursor | undefined) => void = () => {},
  ) {
    this.cursors = new Map(initial);
    this.onChange = onChange;
    this.makeRoom();
  }

  get(name: string): Cursor | undefined {
    const cursor = this.cursors.get(name);
    if (cursor !== undefined) this.use(name, cursor);
    return cursor;
  }

  set(name: string, cursor: Cursor): void {
    this.use(name, cursor);
    this.onChange(name, cursor);
    this.makeRoom();
  }

  /** @returns whether there was one */
  delete(name: string): boolean {
    const existed = this.cursors.delete(name);
    if (existed) this.onChange(name, undefined);
    return existed;
  }

  /** All, the least recently used first. */
  list(): NamedCursor[] {
    return [...this.cursors];
  }

  private use(name: string, cursor: Cursor): void {
    this.cursors.delete(name);
    this.cursors.set(name, cursor);
  }

  private makeRoom(): void {
    for (const oldest of this.cursors.keys()) {
      if (this.cursors.size <= limits.namedCursors) return;
      this.delete(oldest);
    }
  }
}
