// What a user of the library is told, and what can be asked for.
import type { FileEvent, GapEvent, HelloFrame, MessageEvent, SnapshotFrame } from '../protocol.ts';

/** A connection stands. What it brings follows; without `resumed` that does not join on to what was before. */
export interface ConnectedEvent extends Omit<HelloFrame, 'type'> {
  type: 'connected';
}

/** The connection broke, and is being made again. */
export interface LostEvent {
  type: 'lost';
  /** Why, for people. */
  reason: string;
}

/** A piece of the files that exist. */
export interface SnapshotEvent extends SnapshotFrame {
  /** True on the last piece of the last root: from here on the changes follow. */
  whole: boolean;
}

/** Everything that a stream hands out. */
export type AgentEvent = FileEvent | MessageEvent | GapEvent | SnapshotEvent | ConnectedEvent | LostEvent;

/** The event of a type. */
export type AgentEventOf<Type extends AgentEvent['type']> = Extract<AgentEvent, { type: Type }>;

/** Which file changes. Absent members do not restrict. */
export interface FileFilter {
  /** Only this root's; an absolute path. */
  readonly root?: string | undefined;
  /** Globs, relative to the root, one of which a path must match. */
  readonly match?: string | readonly string[] | undefined;
  /** Globs that it must not match. */
  readonly ignore?: string | readonly string[] | undefined;
}

/** What a stream is to carry, and where it begins. */
export interface EventsOptions extends FileFilter {
  /** Topics, `*` standing for one token and `>` for the rest. File changes are on `file`. Default: everything. */
  readonly topic?: string | readonly string[] | undefined;
  /** Begin after this cursor; default: with what happens next. */
  readonly since?: string | undefined;
  /** First the files that exist, then the changes; a fresh one also after a gap. */
  readonly snapshot?: boolean | undefined;
}

/** One or many, as a list. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return [value ?? []].flat();
}
