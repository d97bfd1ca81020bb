// Which root of the agent's the current directory lies in; it is made one where none holds it.
import type { RootStatus, Status } from '../../shared/index.ts';
import type { Connection } from '../connection.ts';
import { type Place, placeIn } from './globs.ts';

/** The crawl of a million files on a slow disk. */
const crawlTimeoutMs = 10 * 60_000;

/**
 * Finds the place of a directory, and has the agent watch it if it does not.
 * @param directory by its real path
 * @param added called when it is watched from now on
 */
export async function watchedPlace(
  connection: Connection,
  status: Status,
  directory: string,
  added: () => void,
): Promise<Place> {
  const place = placeIn(
    status.roots.map(({ path }) => path),
    directory,
  );
  if (place !== undefined) return place;
  const { path } = await connection.request<RootStatus>({
    method: 'POST',
    path: '/v1/roots',
    body: { path: directory },
    timeoutMs: crawlTimeoutMs,
  });
  added();
  return { root: path, prefix: '' };
}
