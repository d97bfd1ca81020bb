// What a client wants. Clients that want the same share one filter and one evaluation of it.
import { compileGlobs, type PathTest } from '../../shared/globs/index.ts';
import { type FilterSpec, type JournalEvent, topicMatches } from '../../shared/index.ts';
import type { NewEvent } from '../journal/index.ts';

/** A compiled FilterSpec. Pure: an event goes in, what is to be seen of it comes out. */
export class Filter {
  readonly spec: FilterSpec;
  /** The same for filters that take the same. */
  readonly key: string;
  /** Whether nothing at all is held back. */
  readonly takesEverything: boolean;
  private readonly topics: readonly string[];
  private readonly matchesPath: PathTest | undefined;

  /** @param spec its topics, globs and root have been checked; the root is a real path */
  constructor(spec: FilterSpec) {
    this.spec = spec;
    this.topics = spec.topic === undefined || spec.topic.length === 0 ? ['>'] : spec.topic;
    const match = spec.match ?? [];
    const ignore = spec.ignore ?? [];
    if (match.length > 0 || ignore.length > 0) {
      const wanted = match.length > 0 ? compileGlobs(match) : () => true;
      const unwanted = ignore.length > 0 ? compileGlobs(ignore) : () => false;
      this.matchesPath = (path) => wanted(path) && !unwanted(path);
    }
    this.key = JSON.stringify([this.topics, spec.root ?? null, match, ignore]);
    this.takesEverything =
      this.topics.includes('>') && spec.root === undefined && this.matchesPath === undefined;
  }

  /** Whether it takes file events at all. */
  get takesFiles(): boolean {
    return this.takesTopic('file');
  }

  /** Whether it takes messages on this topic. */
  takesTopic(topic: string): boolean {
    return this.takesEverything || this.topics.some((pattern) => topicMatches(pattern, topic));
  }

  /** Whether it takes file events of a root. */
  takesRoot(root: string): boolean {
    return this.takesFiles && (this.spec.root === undefined || this.spec.root === root);
  }

  /** Whether it takes changes of `path` in a root that it takes. */
  takesPath(path: string): boolean {
    return this.matchesPath === undefined || this.matchesPath(path);
  }

  /**
   * What of an event is to be seen: itself, a file event with fewer changes, or undefined.
   * @param begun whether it is a further piece of a batch of which an earlier piece was seen
   */
  project(event: JournalEvent, begun: boolean): JournalEvent | undefined {
    if (this.takesEverything) return event;
    const topic = event.type === 'gap' ? 'file' : event.topic;
    if (!this.takesTopic(topic)) return undefined;
    if (event.type !== 'file') return event;
    if (this.spec.root !== undefined && this.spec.root !== event.root) return undefined;
    if (this.matchesPath === undefined) return event;
    const changes = event.changes.filter(({ path }) => this.takesPath(path));
    if (changes.length === event.changes.length) return event;
    // The last piece says that a batch is over: who has seen an earlier piece has to see that.
    const ends = begun && event.more === undefined;
    return changes.length > 0 || ends ? { ...event, changes } : undefined;
  }
}

/** Whether more pieces of the same batch follow. */
export function isPiece(event: NewEvent): boolean {
  return event.type === 'file' && event.more === true;
}

/** Whether `event` is a further piece of the batch that `before` is a piece of. */
export function continuesBatch(before: JournalEvent | undefined, event: JournalEvent): boolean {
  return (
    before?.type === 'file' && before.more === true && event.type === 'file' && event.root === before.root
  );
}
