import displayWidth from './display-width.ts';
import { visibleText } from './visible-text.ts';

/** How a column is laid out and painted; absent members mean left-aligned and plain. */
export interface Column {
  readonly align?: 'left' | 'right';
  /** Applied to each cell but the heading, after padding. */
  readonly paint?: (cell: string) => string;
}

const gap = '  ';

function pad(cell: string, width: number, align: Column['align']): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(cell)));
  return align === 'right' ? blanks + cell : cell + blanks;
}

/**
 * Lines with aligned columns.
 * @param rows cells as they come, also hostile ones: they are made harmless to a terminal here
 * @param columns one for each cell of a row; the last column is not padded
 */
export function alignRows(rows: readonly (readonly string[])[], columns: readonly Column[] = []): string[] {
  const cells = rows.map((row) => row.map(visibleText));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell));
  }
  return cells.map((row) =>
    row
      .map((cell, index) => {
        const column = columns[index] ?? {};
        const isLast = index === row.length - 1 && column.align !== 'right';
        const padded = isLast ? cell : pad(cell, widths[index] ?? 0, column.align);
        return column.paint === undefined ? padded : column.paint(padded);
      })
      .join(gap)
      .trimEnd(),
  );
}
