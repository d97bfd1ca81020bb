// What a batch of changes means to the pages that look at the files.
import { type Change, isEditorFile } from '../index.ts';
import type { Reload } from './protocol.ts';

/** What is looked at of a change. */
export type SeenChange = Pick<Change, 'event' | 'path' | 'pathBytes' | 'kind'>;

/** Each costs the page a request; with more, one load of all is less work and less flicker. */
const mostLive = 8;

/** What the reference client replaces without loading the page anew. */
const live = /\.(?:css|jpe?g|png|gif|svg)$/i;
/** For the browser's own tools, and loaded when those are opened. */
const sourceMap = /\.(?:css|m?js)\.map$/i;

/** Whether a path is nothing that a page could be made of: a hidden file, or an editor's own. */
export function isPrivatePath(path: string): boolean {
  return isEditorFile(path) || path.split('/').some((name) => name.startsWith('.'));
}

/** Whether a change can show in a page. */
export function concernsPages({ kind, path }: SeenChange): boolean {
  return kind !== 'dir' && !sourceMap.test(path);
}

/**
 * The reloads that a batch asks for: none, one for each of a few stylesheets and images that changed, or else one
 * for everything, which names the first file that called for it. A path may stand in the batch more than once.
 */
export function planReloads(changes: Iterable<SeenChange>): Reload[] {
  const events = new Map<string, Pick<SeenChange, 'event' | 'path'>>();
  for (const change of changes) {
    if (!concernsPages(change)) continue;
    const { event, path, pathBytes = path } = change;
    if (!live.test(path)) return [wholePage(path)];
    // Two names that are not UTF-8 may look the same.
    const before = events.get(pathBytes)?.event;
    // Some editors save by removing the file and writing another.
    const both = before === 'unlink' && event === 'add' ? 'change' : (keptEvent(before) ?? event);
    events.set(pathBytes, { event: both, path });
    if (events.size > mostLive) return [wholePage(path)];
  }
  // A page may have a place for a file that is new, and has to fill that of one that is gone.
  for (const { path, event } of events.values()) if (event !== 'change') return [wholePage(path)];
  return [...events.values()].map(({ path }) => ({ command: 'reload', path, liveCSS: true, liveImg: true }));
}

/** A file that is new stays so when it changes. */
function keptEvent(before: SeenChange['event'] | undefined): 'add' | undefined {
  return before === 'add' ? before : undefined;
}

function wholePage(path: string): Reload {
  const isLive = live.test(path);
  return { command: 'reload', path, liveCSS: !isLive, liveImg: !isLive };
}
