// The packages that benchmarks compare with: no dependency of the project, and installed out of the way of
// whatever reads all sources.
import { installPackages } from '../../support/tool-packages.ts';
import type { Bench } from './bench.ts';

const peersPackage = new URL('../peers/', import.meta.url);
/** Apart from the others: it is large, and made for one kind of processor. */
const bunPackage = new URL('../peers-bun/', import.meta.url);

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

/**
 * Installs Bun in `directory`, like the other peers.
 * @returns its version, and the program
 */
export function installBun(bench: Bench, directory: URL): { version: string; program: URL } {
  const name = '@oven/bun-linux-x64';
  const version = installPackages(name, bunPackage, directory, (text) => bench.progress(text));
  return { version, program: new URL(`node_modules/${name}/bin/bun`, directory) };
}
