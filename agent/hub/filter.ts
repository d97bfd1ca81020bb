// What a client wants. Clients that want the same share one filter and one evaluation of it.
import { compileGlobs, type PathTest } from '../../shared/globs/index.ts';
import { type FileEvent, type FilterSpec, type JournalEvent, topicMatches } from '../../shared/index.ts';
import type { NewEvent } from '../journal/index.ts';

/** A filter whose globs take more steps for each character of a path is slow; ordinary lists take from none to some 200. */
const slowCost = 250;
/** What a path costs beside its globs, in steps of theirs. */
const pathSteps = 50;

/** A compiled FilterSpec. Pure: says what of an event is to be seen. What its globs say, {@link Sifting} finds out. */
export class Filter {
  readonly spec: FilterSpec;
  /** The same for filters that take the same. */
  readonly key: string;
  /** Whether nothing at all is held back. */
  readonly takesEverything: boolean;
  private readonly topics: readonly string[];
  private readonly matchesPath: PathTest | undefined;
  /** Steps that its globs take for each character of a path, at most. */
  private readonly cost: number;

  /** @param spec its topics, globs and root have been checked; the root is a real path */
  constructor(spec: FilterSpec) {
    this.spec = spec;
    this.topics = spec.topic === undefined || spec.topic.length === 0 ? ['>'] : spec.topic;
    const match = spec.match ?? [];
    const ignore = spec.ignore ?? [];
    if (match.length > 0 || ignore.length > 0) {
      const wanted = match.length > 0 ? compileGlobs(match) : undefined;
      const unwanted = compileGlobs(ignore);
      this.matchesPath = (path) => wanted?.(path) !== false && !unwanted(path);
      this.cost = (wanted?.cost ?? 0) + unwanted.cost;
    } else this.cost = 0;
    this.key = JSON.stringify([this.topics, spec.root ?? null, match, ignore, spec.ignored === true]);
    this.takesEverything =
      this.topics.includes('>') && spec.root === undefined && this.matchesPath === undefined;
  }

  /** Whether it takes file events at all. */
  get takesFiles(): boolean {
    return this.takesTopic('file');
  }

  /** Whether its globs are so slow that others should not have to wait for them. */
  get isSlow(): boolean {
    return this.cost > slowCost;
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

  /** What `takesPath` costs at most, in steps (SliceClock). */
  stepsFor(path: string): number {
    return pathSteps + this.cost * path.length;
  }

  /** Whether it takes such an event at all: its topic, and its root. */
  concerns(event: JournalEvent): boolean {
    if (this.takesEverything) return true;
    if (!this.takesTopic(event.type === 'gap' ? 'file' : event.topic)) return false;
    return event.type !== 'file' || this.spec.root === undefined || this.spec.root === event.root;
  }

  /** Whether its globs have a say in what is to be seen of an event that it takes; otherwise all is. */
  sifts(event: JournalEvent): event is FileEvent {
    return event.type === 'file' && this.matchesPath !== undefined;
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
