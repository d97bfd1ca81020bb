// Which root of the agent's the current directory lies in; it is made one where none holds it.
import type { Status } from '../../shared/index.ts';
import type { Connection } from '../connection.ts';
import { type Place, placeIn } from './globs.ts';

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
  const { path } = await connection.addRoot({ path: directory });
  added();
  return { root: path, prefix: '' };
}
