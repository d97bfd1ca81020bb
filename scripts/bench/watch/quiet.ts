// When a peer has nothing more to tell.
import { setTimeout as delay } from 'node:timers/promises';
import { cpuMs } from '../../../test/support/procfs.ts';
import { monotonicMs } from '../support/clock.ts';
import type { RunningPeer } from './peer.ts';

const pollMs = 100;
const quietMs = 2000;
/** Share of one core below which a process counts as idle. A crawl may go on long without an event. */
const idleShare = 0.1;
const giveUpMs = 120_000;

/** Waits until it told nothing and computed nothing for two seconds; gives when its last event came, by the monotonic clock. */
export async function untilQuiet(peer: RunningPeer): Promise<number> {
  const startedMs = monotonicMs();
  let { events } = await peer.told();
  let sinceMs = monotonicMs();
  let cpuBeforeMs = cpuMs(peer.pid);
  while (monotonicMs() - startedMs < giveUpMs) {
    await delay(pollMs);
    const told = await peer.told();
    const nowMs = monotonicMs();
    if (told.events !== events) {
      events = told.events;
      sinceMs = nowMs;
      cpuBeforeMs = cpuMs(peer.pid);
    } else if (nowMs - sinceMs >= quietMs) {
      if (cpuMs(peer.pid) - cpuBeforeMs < idleShare * (nowMs - sinceMs)) return told.lastMs;
      sinceMs = nowMs;
      cpuBeforeMs = cpuMs(peer.pid);
    }
  }
  throw new Error(`it was not quiet after ${giveUpMs / 1000} s`);
}
