import { describe, expect, it } from '@jest/globals';
import { alignRows } from './table.ts';

describe('alignRows', () => {
  it('aligns columns to the left and to the right', () => {
    const rows = [
      ['name', 'size'],
      ['a', '5'],
      ['long one', '12345'],
    ];
    expect(alignRows(rows, [{}, { align: 'right' }])).toEqual([
      'name       size',
      'a             5',
      'long one  12345',
    ]);
  });

  it('counts columns of the terminal, not characters', () => {
    expect(
      alignRows([
        ['文件', 'x'],
        ['file', 'y'],
      ]),
    ).toEqual(['文件  x', 'file  y']);
  });

  it('leaves no blanks at the end of a line', () => {
    expect(
      alignRows([
        ['a', 'long'],
        ['b', ''],
      ]),
    ).toEqual(['a  long', 'b']);
  });

  it('makes cells harmless before it measures them', () => {
    expect(
      alignRows([
        ['\u001b[2J', 'x'],
        ['12345678', 'y'],
      ]),
    ).toEqual(['\\x1b[2J   x', '12345678  y']);
  });

  it('paints after padding, so that colour codes shift nothing', () => {
    const paint = (cell: string) => `<${cell}>`;
    expect(
      alignRows(
        [
          ['a', 'x'],
          ['bcd', 'y'],
        ],
        [{ paint }],
      ),
    ).toEqual(['<a  >  x', '<bcd>  y']);
  });
});
