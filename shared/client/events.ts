// What a user of the library is told, and what can be asked for.
import type { FileEvent, GapEvent, HelloFrame, MessageEvent, RootFrame, SnapshotFrame } from '../protocol.ts';

/**
 * A connection stands; the first event of a stream, and the one after each `lost`. Without `resumed` what follows does
 * not join on to what was before.
 */
export interface ConnectedEvent extends Omit<HelloFrame, 'type'> {
  /** Always `connected`. */
  type: 'connected';
}

/** The connection broke, and is being made again until there is one; `connected` says so. */
export interface LostEvent {
  /** Always `lost`. */
  type: 'lost';
  /** Why, for people. */
  reason: string;
}

/** A piece of the files that exist; only with `snapshot: true`. */
export interface SnapshotEvent extends SnapshotFrame {
  /** True on the last piece of the last root: from here on the changes follow. */
  whole: boolean;
}

/** Everything that a stream hands out; `type` tells them apart. */
export type AgentEvent =
  | FileEvent
  | MessageEvent
  | GapEvent
  | RootFrame
  | SnapshotEvent
  | ConnectedEvent
  | LostEvent;

/** The event of a type: `AgentEventOf<'file'>` is {@link FileEvent}. */
export type AgentEventOf<Type extends AgentEvent['type']> = Extract<AgentEvent, { type: Type }>;

/** Which files, and changes to them. What is left out does not restrict. */
export interface FileFilter {
  /** Only what is below this root, an absolute path. */
  readonly root?: string | undefined;
  /** Globs, one of which a path must match. Paths are relative to their root; dot files match too. */
  readonly match?: string | readonly string[] | undefined;
  /** Globs, none of which a path may match. */
  readonly ignore?: string | readonly string[] | undefined;
  /**
   * Also what ignore rules leave out, except `.git`, `.hg` and `.svn`. A glob of `match` that names an ignored place, as
   * `dist/**`, brings that in by itself. Cursors are then of this view, and end with it. Default: false.
   */
  readonly ignored?: boolean | undefined;
}

/** What a stream is to carry, and where it begins. */
export interface EventsOptions extends FileFilter {
  /**
   * Topics, `*` standing for one token and a final `>` for one or more: `build.*`, `build.>`. File changes are on
   * `file`. Default: everything.
   */
  readonly topic?: string | readonly string[] | undefined;
  /** Begin after this event's `cursor`. Default: with what happens next. */
  readonly since?: string | undefined;
  /** Begin with the files that exist, and after a gap with a fresh such snapshot. Default: false. */
  readonly snapshot?: boolean | undefined;
}

/** A stream, and what ends it. */
export interface StreamOptions extends EventsOptions {
  /** Ends the stream when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Which files a tree keeps, and what ends that. */
export interface TreeOptions extends FileFilter {
  /** Ends the tree when it is aborted, as {@link LiveTree.close} does. */
  readonly signal?: AbortSignal | undefined;
}

/** One or many, as a list. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return [value ?? []].flat();
}
