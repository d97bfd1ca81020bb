import type { CliError, ExitCode } from '../outcome/index.ts';
import type { Output } from './output.ts';

/** Says what failed and what to do about it; returns the exit code that goes with it. */
export function sayFailure(error: CliError, output: Output): ExitCode {
  output.note(error.message);
  if (error.hint !== undefined) output.hint(error.hint);
  return error.exitCode;
}
