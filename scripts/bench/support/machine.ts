// What a run ran on: numbers without it mean nothing.
import { arch, cpus, type as osType, release, totalmem } from 'node:os';
import type { Bench } from './bench.ts';

/** The machine in a line. */
export function describeHardware(): string {
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${memory}, ${osType()} ${release()} ${arch()}`;
}

/** The same, with the load average of the minute before the run. */
export function describeMachine(bench: Bench): string {
  return `${describeHardware()}, load average before the run ${bench.loadBefore.toFixed(1)}`;
}

/** Versions of everything that was measured. */
export function describeVersions(
  measured: readonly { readonly name: string; readonly version: string }[],
): string {
  return [`node ${process.versions.node}`, ...measured.map(({ name, version }) => `${name} ${version}`)].join(
    ', ',
  );
}
