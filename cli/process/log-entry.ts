// A line of the agent's log file, read back into what the agent logged.
import { type LogEntry, logLevels } from '../../shared/index.ts';

/**
 * Reads a line of the log.
 * @returns undefined for one that is no entry: half of a line that met a full disk, or somebody else's
 */
export function parseLogLine(line: string): LogEntry | undefined {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof content !== 'object' || content === null) return undefined;
  const { time, level, event, ...fields } = content as Record<string, unknown>;
  const date = new Date(typeof time === 'string' ? time : Number.NaN);
  const known = logLevels.find((word) => word === level);
  if (Number.isNaN(date.getTime()) || known === undefined || typeof event !== 'string') return undefined;
  const revived = Object.entries(fields).map(([key, value]) => [key, reviveError(value)]);
  return { time: date, level: known, event, fields: Object.fromEntries(revived) };
}

/** An error again, where the agent logged one: the terminal shows its message and code apart from its stack. */
function reviveError(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { message, stack, code } = value as Record<string, unknown>;
  if (typeof message !== 'string' || typeof stack !== 'string') return value;
  return Object.assign(new Error(message), { stack }, code === undefined ? {} : { code });
}
