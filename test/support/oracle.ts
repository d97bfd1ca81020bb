// What a filter takes, worked out once more and in another way than the agent does.
import type { FileEvent, JournalEvent } from '../../shared/index.ts';

/** A filter whose globs are given with what they mean. */
export interface PlainFilter {
  readonly topics: readonly string[];
  readonly match: readonly Glob[];
  readonly ignore: readonly Glob[];
}

/** A glob, and which paths it takes. */
export interface Glob {
  readonly glob: string;
  readonly takes: (path: string) => boolean;
}

export const globs: readonly Glob[] = [
  { glob: '**/*.ts', takes: (path) => path.endsWith('.ts') },
  { glob: '*.ts', takes: (path) => path.endsWith('.ts') && !path.includes('/') },
  { glob: 'src/**', takes: (path) => path === 'src' || path.startsWith('src/') },
  { glob: 'src/*', takes: (path) => /^src\/[^/]+$/.test(path) },
  { glob: '**/a.*', takes: (path) => /(^|\/)a\.[^/]*$/.test(path) },
  { glob: '**', takes: () => true },
  { glob: 'nothing', takes: (path) => path === 'nothing' },
];

/** The filter as a query. */
export function queryOf({ topics, match, ignore }: PlainFilter): string {
  return new URLSearchParams([
    ...topics.map((topic) => ['topic', topic]),
    ...match.map(({ glob }) => ['match', glob]),
    ...ignore.map(({ glob }) => ['ignore', glob]),
  ] as [string, string][]).toString();
}

/** Whether the filter takes what is published on a topic. */
export function takesTopic({ topics }: PlainFilter, topic: string): boolean {
  return topics.length === 0 || topics.some((pattern) => topicPattern(pattern).test(topic));
}

/** Of all events, in order, those that the filter takes, as it lets them be seen. */
export function seenThrough(filter: PlainFilter, events: readonly JournalEvent[]): JournalEvent[] {
  const { match, ignore } = filter;
  const takesPath = (path: string): boolean =>
    (match.length === 0 || match.some((glob) => glob.takes(path))) &&
    !ignore.some((glob) => glob.takes(path));
  const seen: JournalEvent[] = [];
  for (const event of events) {
    if (!takesTopic(filter, event.type === 'gap' ? 'file' : event.topic)) continue;
    if (event.type !== 'file') {
      seen.push(event);
      continue;
    }
    const changes = event.changes.filter(({ path }) => takesPath(path));
    // Who has seen a piece of a batch is told its end, even if that holds nothing else for him.
    const endsWhatWasSeen = event.more === undefined && isOpen(seen.at(-1), events, event);
    if (changes.length > 0 || endsWhatWasSeen) seen.push({ ...event, changes });
  }
  return seen;
}

/** Whether the last event seen is a piece of the batch that `end` ends. */
function isOpen(last: JournalEvent | undefined, events: readonly JournalEvent[], end: FileEvent): boolean {
  if (last?.type !== 'file' || last.more !== true) return false;
  const from = events.findIndex(({ cursor }) => cursor === last.cursor);
  const between = events.slice(from, events.indexOf(end));
  return between.every((event) => event.type === 'file' && event.more === true && event.root === end.root);
}

function topicPattern(pattern: string): RegExp {
  const source = pattern.split('.').map((token) => (token === '*' ? '[^.]+' : token === '>' ? '.+' : token));
  return new RegExp(`^${source.join('\\.')}$`);
}
