// Which source of hints suits a root.
import { silentFileSystem } from '../../shared/index.ts';
import type { BackendName } from './backend.ts';

/**
 * Chooses the backend of a root, and says why.
 * @param fileSystem the type that statfs gives
 */
export function chooseBackend(
  wanted: 'auto' | BackendName,
  platform: NodeJS.Platform,
  fileSystem: number,
): { name: BackendName; why: string } {
  if (wanted !== 'auto') return { name: wanted, why: 'it was asked for' };
  const silent = silentFileSystem(fileSystem);
  if (silent !== undefined)
    return { name: 'polling', why: `${silent} gives no events for changes made elsewhere` };
  if (platform === 'linux') return { name: 'directories', why: 'the default on Linux' };
  return { name: 'chokidar', why: `the default on ${platform}` };
}
