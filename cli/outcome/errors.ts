// Every way in which a command fails that was foreseen. Each knows its exit code, and its text says
// what to do next.
import type { Problem } from '../../shared/index.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { programName } from './program-name.ts';

/** A failure that is told to the user as one line, and perhaps a second one with a remedy. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exitCode: ExitCode;
  /** What to do about it, where the message itself does not say so. */
  readonly hint: string | undefined;

  constructor(
    exitCode: ExitCode,
    message: string,
    options: ErrorOptions & { hint?: string | undefined } = {},
  ) {
    super(message, options);
    this.exitCode = exitCode;
    this.hint = options.hint;
  }
}

/** Nobody listens at the agent's socket. Where an agent can be started, this is what starts it. */
export class NoAgentError extends CliError {
  override readonly name = 'NoAgentError';

  constructor(message: string, options: ErrorOptions & { hint?: string | undefined } = {}) {
    super(exitCodes.noAgent, message, options);
  }
}

/** Somebody holds the agent's socket and does not answer as an agent does. Starting one would not help. */
export class UnusableAgentError extends CliError {
  override readonly name = 'UnusableAgentError';

  constructor(message: string, options: ErrorOptions & { hint?: string | undefined } = {}) {
    super(exitCodes.noAgent, message, options);
  }
}

/** It has the socket open and says nothing: stopped by a signal, hung, or overloaded. */
export class SilentAgentError extends UnusableAgentError {}

/**
 * Somebody else could have put a socket, or files, in the place of the agent's: nothing there is believed, nobody
 * there is talked to, and trying again does not help.
 */
export class UnsafePlaceError extends CliError {
  override readonly name = 'UnsafePlaceError';
  readonly code = 'directory_not_private';

  constructor(cause: Error) {
    // It is the environment that names the directory, as it names what else can't be.
    super(exitCodes.usage, cause.message, { cause, hint: `see: ${programName} doctor` });
  }
}

/** The command's time is over and the agent has not answered: what was asked of it is left as it is. */
export class OverdueError extends CliError {
  override readonly name = 'OverdueError';

  constructor(message: string, hint: string) {
    super(exitCodes.timeRanOut, message, { hint });
  }
}

/** The agent answered with an error (RFC 9457 problem details). */
export class RefusedError extends CliError {
  override readonly name = 'RefusedError';
  readonly status: number;
  /** The problem's stable word, such as `not_built`. */
  readonly code: string;
  /** The whole answer, with the members that this kind of problem adds. */
  readonly problem: Problem & Readonly<Record<string, unknown>>;

  constructor(problem: Problem & Readonly<Record<string, unknown>>) {
    const { status, code, detail } = problem;
    // An answer without a word of its own has only its status.
    const text = detail === `HTTP ${status}` ? `the agent answered with HTTP status ${status}` : detail;
    super(status === 504 ? exitCodes.timeRanOut : exitCodes.failed, `${text} (${code})`);
    this.status = status;
    this.code = code;
    this.problem = problem;
  }
}
