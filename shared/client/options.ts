// What a user of the library can ask of an agent's client.
import type { RootStatus } from '../protocol.ts';
import type { AgentError } from './errors.ts';
import type { AgentEvent, AgentEventOf, EventsOptions, FileFilter } from './events.ts';

/** How long an agent is tried for, unless the options say otherwise. */
export const connectTimeoutMs = 5_000;
/** How long a call may take, unless the options say otherwise. */
export const callTimeoutMs = 30_000;
/** The agent says itself that its time ran out, so long before we would. */
export const answerMarginMs = 1_000;

/** How an agent is found, and how this client is called there. `url`, `socket` and `instance` exclude each other. */
export interface ConnectOptions {
  /**
   * Where the agent listens: `http://127.0.0.1:5520`, or what `agent-cli url` prints, token included. Default: in a
   * page, its own origin; in Node, the socket.
   */
  readonly url?: string | undefined;
  /**
   * Node only: the path of the agent's Unix socket or named pipe, which is believed to be an agent's whoever owns the
   * directory. Default: that of `instance`.
   */
  readonly socket?: string | undefined;
  /** Node only: the agent's `--name`. Default: `AGENT_NAME`, else `default`. */
  readonly instance?: string | undefined;
  /** The token for `url`, unless that has it. Over the socket none is needed. */
  readonly token?: string | undefined;
  /** How this client is called in `agent-cli clients`, up to 64 characters. Default: `devagent/client`. */
  readonly name?: string | undefined;
  /** How long an agent is tried for before {@link connect} fails, in milliseconds; `Infinity` for ever. Default: 5000. */
  readonly timeoutMs?: number | undefined;
  /** What {@link Agent.on} listens to. Default: everything that happens from its first call on. */
  readonly events?: EventsOptions | undefined;
}

/** When a call is given up. */
export interface CallOptions {
  /** Gives it up when it is aborted: the call fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long the agent is tried for and may take to answer, all in all, in milliseconds; `Infinity` for ever. Default:
   * 30,000.
   */
  readonly timeoutMs?: number | undefined;
}

/** How a message is sent. */
export interface BroadcastOptions extends CallOptions {
  /** What it is about: up to eight tokens of `A-Z a-z 0-9 _ -`, joined by dots. Default: `message`. */
  readonly topic?: string | undefined;
  /**
   * What is sent with the same key within five minutes is published once, 1 to 256 characters. Default: a key of this
   * call alone, so that what is tried again is still published once.
   */
  readonly key?: string | undefined;
  /**
   * Resolve once every client has it, or fail with `wait_timeout` after so many milliseconds; then it is sent all the
   * same. Default: resolve once it is in the journal.
   */
  readonly wait?: number | undefined;
}

/** Since when, and of what, the changes are wanted. */
export interface ChangesOptions extends Omit<FileFilter, 'ignored'>, CallOptions {
  /**
   * A cursor; or `n:NAME`, which stands for the cursor of the last answer to a call with that name: the agent remembers
   * it. Default: none, which gives no changes, and the cursor to begin with.
   */
  readonly since?: string | undefined;
  /** Do not count this call as the last one with its name. */
  readonly peek?: boolean | undefined;
  /** Also messages on these topics, as far as they are still held. Default: none. */
  readonly topic?: string | readonly string[] | undefined;
  /** How many changes there may be, up to 100,000; with more the answer is not complete. Default: 10,000. */
  readonly limit?: number | undefined;
}

/** Which files are listed. */
export interface FilesOptions extends CallOptions {
  /** Those below this root, an absolute path. Needed where there are several. */
  readonly root?: string | undefined;
  /** Globs, relative to the root, one of which a path must match. Default: all. */
  readonly match?: string | readonly string[] | undefined;
  /** Also what ignore rules leave out, except `.git`, `.hg` and `.svn`. Default: false. */
  readonly ignored?: boolean | undefined;
}

/** How a root is watched; by default as the agent's others are. */
export interface RootOptions extends CallOptions {
  /** Globs, relative to the root, of what is neither watched nor told. */
  readonly ignore?: readonly string[] | undefined;
  /** Whether git's rules count, and `node_modules` is left out. */
  readonly gitignore?: boolean | undefined;
}

/** What the agent watches, as {@link Agent.roots}; {@link Agent.status} lists it. */
export interface Roots {
  /**
   * Has a directory watched, and resolves once it is crawled. One that is watched already stays as it is.
   * @param path an absolute path
   * @throws {@link AgentError} `not_a_directory`; `root_differs` if it is watched already with other options than
   * those given
   */
  add(path: string, options?: RootOptions): Promise<RootStatus>;
  /**
   * Has a directory watched no longer.
   * @param path as it was given, or its real path
   * @throws {@link AgentError} `unknown_root`
   */
  remove(
    path: string,
    options?: CallOptions,
  ): Promise<{
    /** The real path of what was watched. */
    path: string;
  }>;
}

/** What {@link Agent.on} can tell of: a function of the event for each type, and one of the error that ends it all. */
export type AgentListeners = {
  [Type in AgentEvent['type']]: (event: AgentEventOf<Type>) => void;
} & {
  /** The stream has ended for good. Without such a listener the error is thrown where nobody can catch it. */
  error: (error: AgentError) => void;
};
