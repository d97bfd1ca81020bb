// What a stream does for whom a missing agent is an error to begin with, and nobody's fault later.
import type { HelloFrame } from '../protocol.ts';
import { describeClose } from './connection.ts';
import { type AgentError, AgentUnreachableError, errorOfAnswer } from './errors.ts';
import { patient, type Verdict } from './subscription.ts';
import type { SocketEnding } from './wire.ts';

/** Starts the next agent where one died, if it can; resolves when there is something to connect to, or not. */
export type ReviveAgent = (roots: readonly string[]) => Promise<void>;

/**
 * After a loss: a service manager brings a dead agent back within a second or two (docs/service.md), and it
 * knows better how it is to be started.
 */
const reviveGraceMs = 3_000;

/** What the system says where nobody listens: an agent that is silent or in trouble is still one. */
const absences: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ECONNREFUSED'];

/** The system's word for a failure; undefined where it has none. */
export function systemCode(failure: unknown): unknown {
  return (Object(failure) as { code?: unknown }).code;
}

/** Whether a failure says that nobody listens at the socket. */
export function isAbsence(failure: unknown): boolean {
  return absences.includes(systemCode(failure));
}

/**
 * A verdict for one stream. The first connection has to come about: any refusal of it, or an
 * {@link AgentUnreachableError} with the wire's failure as its `cause`, ends the stream. Later ones are waited for.
 * @param revive called once when an agent that said no farewell has been gone for a while, with the roots that it had;
 *   without it the stream waits for somebody else to start one
 */
export function revival(revive?: ReviveAgent): Verdict {
  let last: HelloFrame | undefined;
  /** When the next agent is to be started, on the clock of performance.now(); undefined for never. */
  let reviveAtMs: number | undefined;
  return async (ending, hello) => {
    if (hello !== undefined) {
      last = hello;
      // One that stops in order was told to, and whoever did so may be about to start the next.
      reviveAtMs = ending.code === 1001 ? undefined : performance.now() + reviveGraceMs;
      return patient(ending, hello);
    }
    if (last === undefined) return firstFailure(ending);
    const isDue = reviveAtMs !== undefined && performance.now() >= reviveAtMs && isAbsence(ending.cause);
    if (revive === undefined || !isDue) return patient(ending, hello);
    reviveAtMs = undefined;
    await revive(last.roots);
    return true;
  };
}

function firstFailure({ code, reason, refusal, error, cause }: SocketEnding): AgentError {
  if (error !== undefined) return error;
  if (refusal !== undefined) return errorOfAnswer(refusal.status, refusal.body);
  const failure = new AgentUnreachableError('unreachable', describeClose(code, reason));
  return Object.assign(failure, { cause });
}
