// The named cursors: one small file, written anew as a whole. After a crash one may be where it was a moment before.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { type Cursor, formatCursor, parseCursor } from '../../shared/index.ts';

/** A cursor with a name. */
export type KeptCursor = readonly [name: string, cursor: Cursor];

/** The first line, with the checksum of the others. */
const heading = /^devagent cursors 1 ([0-9a-f]+)\n/;

/**
 * Reads the cursors, the least recently used first.
 * @returns none where there is no file; undefined for one that is damaged or another version's
 * @throws Error of the file system
 */
export function readCursors(path: string): KeptCursor[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const [first = '', sum] = heading.exec(text) ?? [];
  const rest = text.slice(first.length);
  if (sum !== sumOf(rest)) return undefined;
  return rest.split('\n').flatMap((line) => {
    const [name = '', text = ''] = line.split(' ');
    const cursor = parseCursor(text);
    return cursor === undefined ? [] : [[name, cursor] as const];
  });
}

/** Writes them. @throws Error of the file system */
export function writeCursors(path: string, cursors: readonly KeptCursor[]): void {
  const rest = cursors.map(([name, { epoch, seq }]) => `${name} ${formatCursor(epoch, seq)}\n`).join('');
  writeFileSync(`${path}.tmp`, `devagent cursors 1 ${sumOf(rest)}\n${rest}`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

function sumOf(text: string): string {
  return crc32(text).toString(16);
}
