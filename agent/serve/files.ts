// `GET /v1/files`: the index as it is now.
import type { ServerResponse } from 'node:http';
import { compileGlobs } from '../../shared/globs/index.ts';
import { type FileRecord, SliceClock } from '../../shared/index.ts';
import type { WideView } from '../watch/index.ts';
import type { AnswerBody } from './answers.ts';
import { whenClosed } from './connection-end.ts';
import type { Exchange, Services } from './context.ts';
import { ProblemError } from './problem.ts';
import { filesQuery, parseQuery } from './schemas.ts';
import { holdView } from './views.ts';

/** Looking at records is interrupted after so long, that others get their turn: globs may be slow. */
const sliceMs = 5;
/** What a record costs beside its globs, in steps (SliceClock): 2 µs or so. */
const recordSteps = 800;

/** Streams a line about the index and its cursor, then a line an entry. */
export async function listFiles({ services, response, query }: Exchange): Promise<void> {
  const { root, match, ignored = false } = parseQuery(filesQuery, query);
  const { watcher } = services;
  const real = root === undefined ? watcher.roots[0] : watcher.find(root);
  if (real === undefined || (root === undefined && watcher.roots.length > 1)) {
    const roots = watcher.roots.join(', ') || 'none';
    throw new ProblemError(400, 'unknown_root', `parameter "root": name one of the watched roots: ${roots}`);
  }
  const spec = { root: real, ignored, ...(match === undefined ? {} : { match }) };
  const hold = await holdView(watcher, spec, whenClosed(response));
  try {
    await send(services, response, real, match, hold?.view);
  } finally {
    // The view stays a while: whoever goes on from the answer's cursor finds it.
    hold?.release();
  }
}

async function send(
  { watcher, hub, answers }: Services,
  response: ServerResponse,
  root: string,
  match: readonly string[] | undefined,
  view: WideView | undefined,
): Promise<void> {
  const globs = match === undefined ? undefined : compileGlobs(match);
  const course = hub.courseOf(view);
  const { journal } = course;
  // The index is what the file events so far have made of it: without another, the answer stays the same.
  const version = (): string => `${watcher.rootsVersion} ${course.filesVersion}`;
  const copy = async (records: Iterable<FileRecord>, isWanted: () => boolean): Promise<AnswerBody> => {
    const copiedVersion = version();
    const cursor = journal.cursor();
    const copied: Buffer[] = [];
    let lines: string[] = [];
    const clock = new SliceClock(sliceMs);
    for (const record of records) {
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
      return Buffer.from(`${JSON.stringify({ cursor: current, root })}\n`);
    };
    return { first, pieces: copied };
  };
  await answers.send(response, {
    contentType: 'application/x-ndjson',
    key: JSON.stringify(['files', view?.id, version(), root, match]),
    // The index is held still while it is copied, not while clients read.
    make: (isWanted) =>
      watcher.withIndexes(root, (indexes) => copy(indexes.get(root)?.() ?? [], isWanted), view),
  });
}
