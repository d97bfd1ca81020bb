// The process group of a run: a signal for all of it, and whether anybody in it is alive.
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { type ProcessStat, parseProcessStat } from '../../shared/index.ts';

/** Windows has neither process groups nor signals. */
export const hasGroups = process.platform !== 'win32';

/** A process with its id. */
type Process = ProcessStat & { readonly pid: number };

/** A group that a command leads, and that outlives it while anything it started is left. */
export class ProcessGroup {
  /** The process id of its leader, and its own. */
  readonly #id: number;
  /** A living member that was found last: while it lives, the others need not be looked for. */
  #living: number | undefined;

  constructor(id: number) {
    this.#id = id;
  }

  /**
   * Sends a signal to every member; on Windows to the leader alone.
   * @returns whether there was anybody to send it to
   */
  send(signal: NodeJS.Signals | 0): boolean {
    try {
      return process.kill(hasGroups ? -this.#id : this.#id, signal);
    } catch {
      // Nobody is left, or on macOS only those that have ended.
      return false;
    }
  }

  /**
   * Whether any member is alive, and not merely listed until somebody asks how it ended: in a container whose
   * first process never asks, it is listed for ever.
   */
  isAlive(): boolean {
    if (!this.send(0)) return false;
    if (process.platform !== 'linux') return true;
    const isLiving = (each: Process | undefined) => each?.group === this.#id && !each.hasEnded;
    if (this.#living !== undefined && isLiving(readProcess(this.#living))) return true;
    for (const each of allProcesses()) {
      if (!isLiving(each)) continue;
      this.#living = each.pid;
      return true;
    }
    return false;
  }

  /**
   * Sends `instead` to the members that ignore `signal`, as shells have their background jobs do with Ctrl-C.
   * Only Linux shows which these are.
   */
  sendToDeaf(signal: NodeJS.Signals, instead: NodeJS.Signals): void {
    if (process.platform !== 'linux' || signal === instead) return;
    for (const { pid, group, hasEnded } of allProcesses()) {
      if (group !== this.#id || hasEnded || !ignores(pid, constants.signals[signal])) continue;
      try {
        process.kill(pid, instead);
        process.kill(pid, 'SIGCONT');
      } catch {
        // Gone since it was listed.
      }
    }
  }
}

function* allProcesses(): Generator<Process> {
  for (const entry of readdirSync('/proc')) {
    const each = /^\d+$/.test(entry) ? readProcess(Number(entry)) : undefined;
    if (each !== undefined) yield each;
  }
}

/** Undefined for a process that is gone. */
function readProcess(pid: number): Process | undefined {
  const stat = readProcFile(pid, 'stat');
  if (stat === undefined) return undefined;
  return { pid, ...parseProcessStat(stat) };
}

function ignores(pid: number, signalNumber: number): boolean {
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readProcFile(pid, 'status') ?? '')?.[1];
  if (mask === undefined) return false;
  return ((BigInt(`0x${mask}`) >> BigInt(signalNumber - 1)) & 1n) === 1n;
}

function readProcFile(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    // Gone since it was listed.
    return undefined;
  }
}
