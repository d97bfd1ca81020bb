// Who starts the agent, when many want one at the same moment. The agent's own lock decides which one
// runs; this only spares the machine twenty processes of which nineteen would end at once. So it may be
// wrong now and then: a turn that was lost to a crash is simply taken.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ensurePrivateDirectory,
  type InstancePaths,
  processExists,
  readRegularFile,
} from '../../shared/index.ts';

/** A process id has some ten. */
const limitBytes = 1024;

/** The right to start the agent of one name. */
export interface StartTurn {
  /** Gives it back; a second call does nothing. */
  release(): void;
}

function turnFile(instance: InstancePaths): string {
  return join(instance.runtime, `${instance.name}.starting`);
}

/** The process that has its turn; undefined when there is none, or it is about to say so. */
function holderOf(file: string): number | undefined {
  try {
    const pid = Number(readRegularFile(file, limitBytes).text);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    // Given back just now.
    return undefined;
  }
}

/**
 * Takes the turn unless another living process has it.
 * @param anyway whether to take it from a living one, which had it for too long
 * @throws DevagentError `directory_not_private` for an unsafe runtime directory
 */
export function takeStartTurn(instance: InstancePaths, anyway: boolean): StartTurn | undefined {
  ensurePrivateDirectory(instance.runtime, 'runtime');
  const file = turnFile(instance);
  const holder = holderOf(file);
  if (anyway || (holder !== undefined && !processExists(holder))) rmSync(file, { force: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    // Nothing can be written there: the agent, which can't either, says why and what to do.
  }
  const release = (): void => {
    process.removeListener('exit', release);
    if (holderOf(file) === process.pid) rmSync(file, { force: true });
  };
  // A signal ends the process from within a handler, and this with it.
  process.on('exit', release);
  return { release };
}
