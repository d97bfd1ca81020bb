// `GET /v1/files`: the index as it is now.

import { setImmediate as nextTurn } from 'node:timers/promises';
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
  const { watcher, journal } = services;
  const real = root === undefined ? watcher.roots[0] : watcher.find(root);
  if (real === undefined || (root === undefined && watcher.roots.length > 1)) {
    const roots = watcher.roots.join(', ') || 'none';
    throw new ProblemError(400, 'unknown_root', `parameter "root": name one of the watched roots: ${roots}`);
  }
  const globs = match === undefined ? undefined : compileGlobs(match);
  await services.answers.send(response, async () => {
    // The index is held still while it is copied, not while the client reads.
    const pieces = await watcher.withIndexes(real, async (indexes) => {
      const copied = [Buffer.from(`${JSON.stringify({ cursor: journal.cursor(), root: real })}\n`)];
      let lines: string[] = [];
      const clock = new SliceClock(sliceMs);
      for (const record of indexes.get(real)?.() ?? []) {
        if (globs?.(record.path) !== false) lines.push(JSON.stringify(record), '\n');
        if (!clock.spend(recordSteps + (globs?.cost ?? 0) * record.path.length)) continue;
        copied.push(Buffer.from(lines.join('')));
        lines = [];
        await nextTurn();
        // Nobody is there any more to read it.
        if (response.destroyed) return [];
        clock.restart();
      }
      copied.push(Buffer.from(lines.join('')));
      return copied;
    });
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    return pieces;
  });
}
