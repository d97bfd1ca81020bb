// Why an agent that was started in the background did not come to life, in its own words.
import type { InstancePaths } from '../../shared/index.ts';
import { CliError, exitCodes } from '../outcome/index.ts';

/** agentd's exit code for a command line or a configuration that it can't take. */
const agentUsageCode = 2;
/** A last word that agentd itself did not choose, such as a stack, is told from its end. */
const lastLines = 5;

/**
 * The error for an agentd that ended before it listened.
 * @param words what it said on standard error: its log, and why it ended on lines after "agentd: "
 */
export function startFailure(
  instance: InstancePaths,
  words: string,
  ending: { readonly code: number | null; readonly signal: NodeJS.Signals | null },
): CliError {
  const how = ending.signal === null ? `exit code ${ending.code}` : ending.signal;
  const [reason, ...more] = saidBy(words);
  return new CliError(
    ending.code === agentUsageCode ? exitCodes.usage : exitCodes.failed,
    `the agent "${instance.name}" did not start (${how})${reason === undefined ? '' : `: ${reason}`}`,
    { hint: more.length === 0 ? `its log is ${instance.logFile}` : more.join('; ') },
  );
}

/** The lines that say why, without the log's. */
function saidBy(words: string): string[] {
  const lines = words.split('\n').filter((line) => line.trim() !== '');
  const first = lines.findIndex((line) => line.startsWith('agentd: '));
  if (first === -1) return lines.slice(-lastLines);
  return lines.slice(first).map((line) => line.replace(/^agentd: /, ''));
}
