// The packages that benchmarks compare with: no dependency of the project, and installed out of the way of
// whatever reads all sources.
import { installPackages } from '../../support/tool-packages.ts';
import type { Bench } from './bench.ts';

const peersPackage = new URL('../peers/', import.meta.url);

/** Where the project's own dependencies are. */
export const projectDirectory = new URL('../../../', import.meta.url);

/**
 * Installs the packages that are compared with in `directory`, unless the one named is there as it should be. Each
 * benchmark has a directory of its own, for another may be at work.
 * @returns the version of the one named
 * @throws Error when it can't be installed, without a network, say
 */
export function installPeers(bench: Bench, name: string, directory: URL): string {
  return installPackages(name, peersPackage, directory, (text) => bench.progress(text));
}
