// Which lines are shown.
import { messageText } from '../../../../shared/event-text.ts';
import type { Change } from '../../../../shared/protocol.ts';
import type { Line } from './lines.ts';

/** The sorts of lines that can be switched on and off. */
export type LineSort = 'files' | 'messages' | 'gaps';

/** What the person looks for. */
export interface LineFilter {
  /** Anywhere in a path, a topic, a sender or a message's beginning; upper and lower case are the same. */
  readonly text: string;
  readonly sorts: Readonly<Record<LineSort, boolean>>;
}

/** Shows everything. */
export const everything: LineFilter = { text: '', sorts: { files: true, messages: true, gaps: true } };

/** Beyond that nobody searches in a message; it may be a megabyte long. */
const mostSearchedChars = 10_000;

/** Which switch a line belongs to. A connection that broke is as much a hole as a gap. */
function sortOf(line: Line): LineSort {
  switch (line.type) {
    case 'change':
    case 'batch':
      return 'files';
    case 'message':
      return 'messages';
    default:
      return 'gaps';
  }
}

/** Whether a line is shown. */
export function matchesLine(filter: LineFilter, line: Line): boolean {
  if (!filter.sorts[sortOf(line)]) return false;
  if (filter.text === '') return true;
  switch (line.type) {
    case 'change':
      return matchesChange(filter.text, line.root, line.change);
    case 'batch':
      return line.changes.some((change) => matchesChange(filter.text, line.root, change));
    case 'message': {
      const { topic, from, data } = line;
      const text = messageText(data).slice(0, mostSearchedChars);
      return has(topic, filter.text) || has(from, filter.text) || has(text, filter.text);
    }
    default:
      // Whatever is looked for: it may be what was lost.
      return true;
  }
}

/** Whether a change of a batch is what is looked for; a batch with one such is shown. */
export function matchesChange(text: string, root: string, { path, from }: Change): boolean {
  return text === '' || has(`${root}/${path}`, text) || (from !== undefined && has(from, text));
}

function has(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}
