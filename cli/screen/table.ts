import { visibleText } from '../../shared/index.ts';
import displayWidth from './display-width.ts';
import type { Page } from './output.ts';
import { paintedWidth, wrapLine } from './wrap.ts';

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

/** A row that is too wide, as lines: its first cell, and the others below it with their headings. */
function asBlock(headings: readonly string[], row: readonly string[], { colors, columns }: Page): string[] {
  const [title = '', ...cells] = row.map(visibleText);
  const lines = wrapLine(title, columns, gap.length);
  let line = '';
  for (const [index, cell] of cells.entries()) {
    const entry = `${colors.dim(headings[index + 1] ?? '')} ${cell}`;
    if (line !== '' && paintedWidth(`${line}${gap}${entry}`) > (columns ?? Number.POSITIVE_INFINITY)) {
      lines.push(...wrapLine(line, columns, 2 * gap.length));
      line = '';
    }
    line += gap + entry;
  }
  return line === '' ? lines : [...lines, ...wrapLine(line, columns, 2 * gap.length)];
}

/**
 * Rows below their headings, as lines. A terminal that is too narrow for them gets a block for each row
 * instead: cells that wrap around are in no column any more.
 * @param rows cells as they come, as for {@link alignRows}
 */
export function tableLines(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columns: readonly Column[],
  page: Page,
): string[] {
  const [heading = '', ...lines] = alignRows([headings, ...rows], columns);
  const width = Math.max(...[heading, ...lines].map(paintedWidth));
  if (page.columns === undefined || width <= page.columns) return [page.colors.dim(heading), ...lines];
  return rows.flatMap((row) => asBlock(headings, row, page));
}

/** Facts with their labels before them, as lines; a long one goes on below itself. */
export function factLines(facts: readonly (readonly [label: string, fact: string])[], page: Page): string[] {
  const indent = Math.max(...facts.map(([label]) => displayWidth(label))) + gap.length;
  return facts.flatMap(([label, fact]) => {
    const head = page.colors.dim(pad(label, indent, 'left'));
    const [first = '', ...others] = wrapLine(visibleText(fact), page.columns, indent, indent);
    return [head + first, ...others];
  });
}
