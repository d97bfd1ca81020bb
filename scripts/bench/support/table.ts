// Markdown tables that are readable as text, too.
import type { Spread } from './numbers.ts';

/** A table; the first column is aligned left, all others right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string => {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? '';
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${cells.join(' | ')} |`;
  };
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`,
  );
  return [line(head), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}

/** A number for a table, `-` for none. */
export function cell(value: number, decimals: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(decimals);
}

/** How many times `base` a value is, `-` where one of them is missing. */
export function ratio(value: number, base: number): string {
  const times = value / base;
  return Number.isFinite(times) ? `×${times.toFixed(times < 10 ? 2 : 0)}` : '-';
}

/** A count with thousands separated. */
export function count(value: number): string {
  return Number.isNaN(value) ? '-' : value.toLocaleString('en-US');
}

/** A number of several rounds for a table: the least, the median, the most. */
export function spreadCell({ least, median, most }: Spread, decimals: number): string {
  return Number.isNaN(median)
    ? '-'
    : [least, median, most].map((value) => value.toFixed(decimals)).join(' – ');
}

/** How many times a base that was measured in the same rounds a value is. */
export function spreadRatio(ratios: Spread): string {
  return Number.isFinite(ratios.median) ? `×${spreadCell(ratios, ratios.most < 10 ? 2 : 0)}` : '-';
}
