// The peers of a run: which of them are there, and what they need before they can be started.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Bench } from './bench.ts';
import type { Peer, PeerKey } from './peer.ts';
import { agentdPeer } from './peer-agentd.ts';
import { libraryPeer, packageVersion } from './peer-library.ts';
import { watchmanPeer, watchmanVersion } from './peer-watchman.ts';

/** A package of its own, so that what only the benchmark needs is no dependency of the project. */
const peersPackage = new URL('../peers/', import.meta.url);
const projectDirectory = new URL('../../../', import.meta.url);
/** Where it is installed: out of the way of whatever reads all sources. */
const peersDirectory = new URL('node_modules/.cache/bench-peers/', projectDirectory);

/** The peers that can be started, agentd first, and a line for each that can't. */
export async function findPeers(
  bench: Bench,
  wanted: readonly PeerKey[],
): Promise<{ peers: Peer[]; skipped: string[] }> {
  const skipped: string[] = [];
  const peers: Peer[] = [];
  const parcel = wanted.includes('parcel') ? parcelVersion(bench) : undefined;
  // After that, since an installation begins with an empty folder.
  const childFile = await bundleChild(bench);
  for (const key of wanted) {
    switch (key) {
      case 'agentd':
        peers.push(agentdPeer(bench), agentdPeer(bench, 0));
        break;
      case 'chokidar':
        peers.push(libraryPeer(bench, key, childFile, packageVersion('chokidar', projectDirectory)));
        break;
      case 'fs.watch':
        peers.push(libraryPeer(bench, key, childFile, `Node ${process.versions.node}`));
        break;
      case 'parcel':
        if (typeof parcel === 'string') peers.push(libraryPeer(bench, key, childFile, parcel));
        else skipped.push(`@parcel/watcher was skipped: ${parcel?.message.split('\n')[0]}`);
        break;
      case 'watchman': {
        const version = watchmanVersion();
        if (version !== undefined) peers.push(watchmanPeer(bench, version));
        else skipped.push('watchman was skipped: it is not installed');
      }
    }
  }
  return { peers, skipped };
}

/** Installs @parcel/watcher where it is not; gives its version, or why it can't be had. */
function parcelVersion(bench: Bench): string | Error {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', peersPackage), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  try {
    const installed = packageVersion('@parcel/watcher', peersDirectory);
    if (installed === dependencies['@parcel/watcher']) return installed;
  } catch {
    // Not installed yet.
  }
  bench.progress('installing @parcel/watcher of scripts/bench/peers into node_modules/.cache (npm ci)');
  try {
    mkdirSync(peersDirectory, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(new URL(file, peersPackage), new URL(file, peersDirectory));
    }
    // Its install script would only compile what its prebuilt packages hold.
    execFileSync('npm', ['ci', '--ignore-scripts'], {
      cwd: fileURLToPath(peersDirectory),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return packageVersion('@parcel/watcher', peersDirectory);
  } catch (error) {
    // Without a network, say: the others are measured all the same.
    return error as Error;
  }
}

/** Makes plain JavaScript of child.ts, in a place from which both the project's packages and the peers' are found. */
async function bundleChild(bench: Bench): Promise<string> {
  const directory = fileURLToPath(new URL(`node_modules/.bench-${process.pid}`, peersDirectory));
  mkdirSync(directory, { recursive: true });
  bench.cleanups.add(() => rmSync(directory, { recursive: true, force: true }));
  const outfile = join(directory, 'child.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('child.ts', import.meta.url))],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  return outfile;
}
