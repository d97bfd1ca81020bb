// The errors that reach people: each has a stable code, and a message that says what to do.

/** Stable words, the same in problem documents, frames, logs and exit paths. */
export type ErrorCode =
  | 'agent_running'
  | 'bad_name'
  | 'bad_token_file'
  | 'cannot_listen'
  | 'directory_not_made'
  | 'directory_not_private'
  | 'directory_unusable'
  | 'internal'
  | 'lock_held'
  | 'not_a_directory'
  | 'port_in_use'
  | 'root_differs'
  | 'socket_in_use'
  | 'socket_path_too_long'
  | 'sync_failed'
  | 'too_many_views'
  | 'unknown_root'
  | 'usage'
  | 'watch_limit';

/** An error that was foreseen: shown to the user as its message, without a stack. */
export class DevagentError extends Error {
  override readonly name: string = 'DevagentError';
  readonly code: ErrorCode;

  /** @param message what went wrong and what to do about it */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The command line, or what a program is configured with, can't be used as it is: exit code 2. */
export class UsageError extends DevagentError {
  override readonly name = 'UsageError';
  /** What to do about it, where the message itself does not say so. */
  readonly hint: string | undefined;

  /** @param message a line for each mistake */
  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super('usage', message, options);
    this.hint = hint;
  }
}
