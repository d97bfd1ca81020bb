// The run file tells other programs where the agent is. It may be missing or stale: who needs certainty
// connects to the socket.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { limits, type RunFile, readRegularFile, UnfitFileError } from '../../shared/index.ts';
import { temporaryName } from './exclusive-file.ts';
import { errorCode } from './file-errors.ts';

const runFileSchema = z.object({
  pid: z.int().positive(),
  startedAt: z.string(),
  version: z.string(),
  socket: z.string(),
  url: z.string(),
  roots: z.array(z.string()),
  // Agents of earlier versions do not write these.
  args: z.array(z.string()).optional(),
  logFile: z.string().optional(),
});

/**
 * Writes the run file (0600), replacing another in one step.
 * @throws Error of the file system
 */
export function writeRunFile(path: string, content: RunFile): void {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Reads the run file; undefined when there is none, or something else of that name.
 * @throws Error of the file system
 */
export function readRunFile(path: string): RunFile | undefined {
  try {
    return runFileSchema.parse(JSON.parse(readRegularFile(path, limits.settingsFileBytes).text));
  } catch (error) {
    const malformed =
      error instanceof SyntaxError || error instanceof z.ZodError || error instanceof UnfitFileError;
    if (malformed || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes the run file, unless it is already that of a successor, or can't be looked at. */
export function removeRunFile(path: string, pid: number = process.pid): void {
  try {
    if (readRunFile(path)?.pid === pid) rmSync(path, { force: true });
  } catch {
    // Its directory is closed to us by now: there is nothing more that could be done, or that would be ours.
  }
}
