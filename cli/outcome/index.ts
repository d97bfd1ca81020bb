// How a run ends: exit codes, failures that were foreseen, and signals.
export {
  CliError,
  NoAgentError,
  OverdueError,
  RefusedError,
  SilentAgentError,
  UnsafePlaceError,
  UnusableAgentError,
} from './errors.ts';
export { type ExitCode, exitCodes, exitMeanings } from './exit-codes.ts';
export { programName, withProgramName } from './program-name.ts';
export { exitCodeOf, Signals } from './signals.ts';
