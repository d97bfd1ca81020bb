// Which backend a root gets.
import { silentFileSystem } from '../../shared/index.ts';
import type { BackendName } from './backend.ts';

/**
 * Chooses the backend of a root, and says why.
 * @param fileSystem the type of the root's file system, as statfs gives it
 */
export function chooseBackend(
  wanted: 'auto' | BackendName,
  platform: NodeJS.Platform,
  fileSystem: number,
): { readonly name: BackendName; readonly why: string } {
  if (wanted !== 'auto') return { name: wanted, why: 'it was asked for' };
  const silent = silentFileSystem(fileSystem);
  if (silent !== undefined)
    return { name: 'polling', why: `${silent} gives no events for changes made elsewhere` };
  switch (platform) {
    case 'linux':
      return { name: 'directories', why: 'the default on Linux' };
    case 'darwin':
      return { name: 'recursive', why: 'the default on macOS' };
    case 'win32':
      return { name: 'recursive', why: 'the default on Windows' };
    default:
      return { name: 'chokidar', why: `the default on ${platform}` };
  }
}
