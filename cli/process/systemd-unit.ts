import { readFileSync } from 'node:fs';

/**
 * The systemd unit that a process is the service of, if its name says that it is an agent's
 * (docs/service.md); undefined for all others, and where there is no systemd.
 * @param readText reads a file; for tests
 */
export function systemdUnitOf(
  pid: number,
  readText: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): string | undefined {
  let groups: string;
  try {
    groups = readText(`/proc/${pid}/cgroup`);
  } catch {
    // No /proc, or no such process: nobody's service, as far as can be told.
    return undefined;
  }
  return /\/(devagent[^/\n]*\.service)$/m.exec(groups)?.[1];
}
