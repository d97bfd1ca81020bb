import { UsageError } from '../../shared/index.ts';
import { CliError, type ExitCode, exitCodes, RefusedError } from '../outcome/index.ts';
import { type Output, sayFailure } from '../screen/index.ts';

/**
 * Does the same for each operand, in their order. One that fails is said, and the others have their turn
 * all the same, as with `rm` or `docker stop`.
 * @param what names an operand, for when there is none
 * @returns the exit code: that of the last failure, if there was one
 * @throws UsageError without operands; whatever leaves nothing to try for the others, as a missing agent
 */
export async function forEachOperand(
  operands: readonly string[],
  what: string,
  output: Output,
  act: (operand: string) => Promise<void>,
): Promise<ExitCode> {
  if (operands.length === 0) throw new UsageError(`${what} is missing`);
  let exitCode: ExitCode = exitCodes.done;
  for (const operand of operands) {
    try {
      await act(operand);
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== exitCodes.failed) throw error;
      exitCode = sayFailure(error, output);
    }
  }
  return exitCode;
}

/** The agent's answer that it does not know something, with what shows what it knows; others as they are. */
export function withHint(error: unknown, code: string, hint: string): unknown {
  if (!(error instanceof RefusedError) || error.code !== code) return error;
  return new CliError(error.exitCode, error.message, { cause: error, hint });
}
