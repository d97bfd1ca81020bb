// Packages that only benchmarks need: they are a package of their own, so that they are no dependency of the
// project, and installed out of the way of whatever reads all sources.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';

const peersPackage = new URL('../peers/', import.meta.url);

/** Where the project's own dependencies are. */
export const projectDirectory = new URL('../../../', import.meta.url);

/** Version of a package in `directory`/node_modules; throws where there is none. */
export function packageVersion(name: string, directory: URL): string {
  const file = new URL(`node_modules/${name}/package.json`, directory);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/**
 * Installs the packages in `directory` unless the one named is there as it should be. An installation empties
 * the folder: each benchmark has its own, for another may be at work.
 * @returns the version of the one named
 * @throws Error when it can't be had, without a network, say
 */
export function installPeers(bench: Bench, name: string, directory: URL): string {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', peersPackage), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  try {
    const installed = packageVersion(name, directory);
    if (installed === dependencies[name]) return installed;
  } catch {
    // Not installed yet.
  }
  bench.progress(`installing ${name} of scripts/bench/peers into node_modules/.cache (npm ci)`);
  mkdirSync(directory, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    copyFileSync(new URL(file, peersPackage), new URL(file, directory));
  }
  // Install scripts would only compile what prebuilt packages hold.
  execFileSync('npm', ['ci', '--ignore-scripts'], {
    cwd: fileURLToPath(directory),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return packageVersion(name, directory);
}
