// `GET /v1/files`: the index as it is now.

import { compileGlobs } from '../../shared/globs/index.ts';
import { SliceClock } from '../../shared/index.ts';
import type { Exchange } from './context.ts';
import { ProblemError } from './problem.ts';
import { filesQuery, parseQuery } from './schemas.ts';

/** Looking at records is interrupted after so long, that others get their turn: globs may be slow. */
const sliceMs = 5;
/** What a record costs beside its globs, in steps (SliceClock): 2 µs or so. */
const recordSteps = 800;

/** Streams a line about the index and its cursor, then a line an entry. */
export async function listFiles({ services, response, query }: Exchange): Promise<void> {
  const { root, match } = parseQuery(filesQuery, query);
  const { watcher, journal, hub } = services;
  const real = root === undefined ? watcher.roots[0] : watcher.find(root);
  if (real === undefined || (root === undefined && watcher.roots.length > 1)) {
    const roots = watcher.roots.join(', ') || 'none';
    throw new ProblemError(400, 'unknown_root', `parameter "root": name one of the watched roots: ${roots}`);
  }
  const globs = match === undefined ? undefined : compileGlobs(match);
  // The index is what the file events so far have made of it: without another, the answer stays the same.
  const version = (): string => `${watcher.rootsVersion} ${hub.counters.events.file}`;
  await services.answers.send(response, {
    contentType: 'application/x-ndjson',
    key: JSON.stringify(['files', version(), real, match]),
    // The index is held still while it is copied, not while clients read.
    make: (isWanted) =>
      watcher.withIndexes(real, async (indexes) => {
        const copiedVersion = version();
        const cursor = journal.cursor();
        const copied: Buffer[] = [];
        let lines: string[] = [];
        const clock = new SliceClock(sliceMs);
        for (const record of indexes.get(real)?.() ?? []) {
          if (globs?.(record.path) !== false) lines.push(JSON.stringify(record), '\n');
          if (!clock.spend(recordSteps + (globs?.cost ?? 0) * record.path.length)) continue;
          copied.push(Buffer.from(lines.join('')));
          lines = [];
          await clock.pause();
          if (!isWanted()) return { pieces: [] };
        }
        copied.push(Buffer.from(lines.join('')));
        // Whoever comes later has seen messages since, and does not want them again.
        const first = (): Buffer => {
          const current = version() === copiedVersion ? journal.cursor() : cursor;
          return Buffer.from(`${JSON.stringify({ cursor: current, root: real })}\n`);
        };
        return { first, pieces: copied };
      }),
  });
}
