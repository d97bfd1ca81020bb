// Which boot of which machine this is: what a process left behind can be believed further within the same one.
import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

/**
 * Names this boot of the machine; the same for all of its processes, containers included. Where the system has no name
 * for it, it is the moment of the boot to the minute: a clock that is set makes it another boot, which is the safe
 * mistake.
 */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // No Linux.
    return `${hostname()}-${Math.round((Date.now() - uptime() * 1000) / 60_000)}`.slice(-60);
  }
}
