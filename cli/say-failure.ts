import type { CliError } from './errors.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';

/** Says what failed and what to do about it; returns the exit code that goes with it. */
export function sayFailure(error: CliError, output: Output): ExitCode {
  output.note(error.message);
  if (error.hint !== undefined) output.hint(error.hint);
  return error.exitCode;
}
