// The peers of a run: which of them are there, and what they need before they can be started.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { packageVersion } from '../../support/tool-packages.ts';
import type { Bench } from '../support/bench.ts';
import { installPeers, projectDirectory } from '../support/peer-packages.ts';
import { watchmanVersion } from '../support/watchman.ts';
import type { Peer, PeerKey } from './peer.ts';
import { agentdPeer } from './peer-agentd.ts';
import { libraryPeer } from './peer-library.ts';
import { watchmanPeer } from './peer-watchman.ts';

/** Where the peers that are packages are installed. */
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
  try {
    return installPeers(bench, '@parcel/watcher', peersDirectory);
  } catch (error) {
    // The others are measured all the same.
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
