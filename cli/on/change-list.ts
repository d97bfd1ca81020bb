// What happened since a run began, for the next one: as lines of JSON, and in its environment.
import {
  type Change,
  type FileEvent,
  type GapEvent,
  jsonText,
  type MessageEvent,
} from '../../shared/index.ts';

/**
 * What is kept of it while a command runs, in characters: as much as the agent's journal holds by default.
 * Beyond it things are counted only.
 */
const limitCharacters = 16 * 1024 * 1024;

/** Half of what Linux takes for one variable; other systems take less for all of them together. */
export const environmentLimitBytes = 64 * 1024;

/** Whether a change or something else; of two changes of one path the later one is kept. */
interface Entry {
  readonly path: string | undefined;
  readonly line: string;
}

/** Changes, messages and gaps in the order in which they came. */
export class ChangeList {
  readonly #entries = new Map<string, Entry>();
  readonly #limitCharacters: number;
  #characters = 0;
  #paths = 0;
  #omittedPaths = 0;
  #omitted = 0;

  constructor(limit = limitCharacters) {
    this.#limitCharacters = limit;
  }

  /** How many paths changed; those beyond the limit are counted as often as they did. */
  get paths(): number {
    return this.#paths + this.#omittedPaths;
  }

  /** Takes in a file event. @param show gives a path in its root as the user would write it */
  addFile(event: FileEvent, show: (path: string) => string): void {
    for (const change of event.changes) {
      const path = show(change.path);
      const from = change.from === undefined ? {} : { from: show(change.from) };
      const bytes = change.pathBytes === undefined ? {} : { pathBytes: shownBytes(change, path) };
      const line = JSON.stringify({ type: 'change', ...change, path, ...bytes, ...from });
      const added = this.#add(`/${event.root}/${change.pathBytes ?? change.path}`, { path, line });
      if (added === 'new') this.#paths++;
      else if (added === 'omitted') this.#omittedPaths++;
    }
  }

  /** Takes in a message or a gap. */
  addOther(event: MessageEvent | GapEvent): void {
    this.#add(`${event.type} ${event.cursor}`, { path: undefined, line: jsonText(event) });
  }

  /** The first paths that changed, at most `most`. */
  firstPaths(most: number): string[] {
    const found: string[] = [];
    for (const { path } of this.#entries.values()) {
      if (found.length === most) break;
      if (path !== undefined) found.push(path);
    }
    return found;
  }

  /** One JSON object a line: changes, messages and gaps, and how many did not fit if some did not. */
  lines(): string {
    const lines = [...this.#entries.values()].map(({ line }) => line);
    if (this.#omitted > 0) lines.push(JSON.stringify({ type: 'omitted', count: this.#omitted }));
    return lines.map((line) => `${line}\n`).join('');
  }

  /** `AGENT_CHANGED` and `AGENT_CHANGED_COUNT`. */
  environment(): Record<string, string> {
    const paths: string[] = [];
    let bytes = 0;
    for (const { path } of this.#entries.values()) {
      if (path === undefined) continue;
      bytes += Buffer.byteLength(path) + 1;
      if (bytes > environmentLimitBytes) break;
      paths.push(path);
    }
    return { AGENT_CHANGED: paths.join('\n'), AGENT_CHANGED_COUNT: String(this.paths) };
  }

  #add(key: string, entry: Entry): 'new' | 'again' | 'omitted' {
    const before = this.#entries.get(key);
    const characters = this.#characters - (before?.line.length ?? 0) + entry.line.length;
    if (before === undefined && characters > this.#limitCharacters) {
      this.#omitted++;
      return 'omitted';
    }
    this.#characters = characters;
    // Deleted first, so that it stands where it came last.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return before === undefined ? 'new' : 'again';
  }
}

/** The exact bytes of a path that is not UTF-8, base64, as seen from where `shown` begins. */
function shownBytes({ path, pathBytes = '' }: Pick<Change, 'path' | 'pathBytes'>, shown: string): string {
  // Bytes as characters: no byte of a character but the slash is a slash.
  const names = Buffer.from(pathBytes, 'base64').toString('latin1').split('/');
  const lossyNames = path.split('/');
  const shownNames = shown.split('/');
  let common = 0;
  while (common < shownNames.length && lossyNames.at(-1 - common) === shownNames.at(-1 - common)) common++;
  const above = shownNames.slice(0, shownNames.length - common);
  const asBytes = above.map((name) => Buffer.from(name).toString('latin1'));
  const below = names.slice(names.length - common);
  return Buffer.from([...asBytes, ...below].join('/'), 'latin1').toString('base64');
}
