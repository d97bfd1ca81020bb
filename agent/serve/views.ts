// Wide views, for those who ask for what the default view leaves out: opened, waited for, and released.
import type { Socket } from 'node:net';
import { namedPaths } from '../../shared/globs/index.ts';
import { DevagentError, type FilterSpec } from '../../shared/index.ts';
import type { ViewHold } from '../hub/index.ts';
import type { Watcher, WideView } from '../watch/index.ts';
import { ProblemError } from './problem.ts';

/** How long a view may take to be crawled before the request for it is refused. Large trees take seconds. */
const readyMs = 60_000;
/** What may be read of a connection whose upgrade is not answered yet: a WebSocket client sends nothing before. */
const mostEarlyBytes = 64 * 1024;

type Views = Pick<Watcher, 'openView' | 'release' | 'ready' | 'withIndexes'>;

/**
 * Opens the view that a filter asks for. The caller releases it, unless this fails.
 * @param spec its root is a real path
 * @param signal aborted when whoever asks is gone
 * @returns undefined if the default view has everything; otherwise resolves when it is crawled, with undefined if it
 *   then turned out that the default view has everything
 * @throws ProblemError 503 `too_many_views`, `watch_limit` or `view_timeout`
 */
export function holdView(
  watcher: Views,
  spec: Pick<FilterSpec, 'root' | 'match' | 'ignored'>,
  signal: AbortSignal,
): Promise<ViewHold | undefined> | undefined {
  const { root, match = [], ignored = false } = spec;
  if (!ignored && namedPaths(match).length === 0) return undefined;
  const open = (): WideView | undefined => watcher.openView({ root, ignored, match });
  // Which places are ignored is known once the roots are crawled.
  if (!watcher.ready && !ignored) {
    const known = watcher.withIndexes(root, async () => {});
    return bounded(known, signal).then(() => whenReady(watcher, open, signal));
  }
  const view = refusing(open);
  return view === undefined ? undefined : whenReady(watcher, () => view, signal);
}

async function whenReady(
  watcher: Views,
  open: () => WideView | undefined,
  signal: AbortSignal,
): Promise<ViewHold | undefined> {
  const view = refusing(open);
  if (view === undefined) return undefined;
  try {
    await bounded(view.ready, signal);
  } catch (error) {
    watcher.release(view);
    throw asProblem(error);
  }
  return { view, release: () => watcher.release(view) };
}

/** Waits for something, but not too long, and not for somebody who is gone. */
async function bounded(wait: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let leave = (): void => {};
  const given = new Promise<never>((_resolve, reject) => {
    leave = () => reject(new Error('the client left before its view was crawled'));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave);
    const tooLate = `the files were not read within ${readyMs / 1000} s: try again, or name fewer in "match"`;
    timer = setTimeout(() => reject(new ProblemError(503, 'view_timeout', tooLate)), readyMs);
  });
  try {
    await Promise.race([wait, given]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}

function refusing<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw asProblem(error);
  }
}

function asProblem(error: unknown): unknown {
  if (!(error instanceof DevagentError)) return error;
  if (error.code === 'too_many_views') return new ProblemError(503, 'too_many_views', error.message);
  if (error.code === 'watch_limit') return new ProblemError(503, 'watch_limit', error.message);
  return error;
}

/**
 * Waits while a connection waits for the answer to its upgrade, and notices when the client leaves.
 * @param gone aborted then
 * @returns with what was read meanwhile; the socket flows, so whoever takes it has to do that at once
 */
export async function whileOpen<T>(
  socket: Socket,
  wait: Promise<T>,
  gone: AbortController,
): Promise<{ readonly value: T; readonly early: Buffer }> {
  const early: Buffer[] = [];
  let bytes = 0;
  const keep = (chunk: Buffer): void => {
    early.push(chunk);
    bytes += chunk.length;
    if (bytes > mostEarlyBytes) socket.destroy();
  };
  const end = (): void => {
    gone.abort();
    socket.destroy();
  };
  // Only a socket that is read from reports its end.
  socket.on('data', keep).once('end', end).once('close', end);
  try {
    const value = await wait;
    return { value, early: Buffer.concat(early) };
  } finally {
    // Not paused: ws would never resume it.
    socket.off('data', keep).off('end', end).off('close', end);
  }
}
