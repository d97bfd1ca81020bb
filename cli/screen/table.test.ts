import { describe, expect, it } from '@jest/globals';
import picocolors from 'picocolors';
import { alignRows, factLines, tableLines } from './table.ts';

const plain = picocolors.createColors(false);

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

describe('tableLines', () => {
  const rows = [
    ['/w/some/where', 'ready', '12345'],
    ['/v', 'ready\u001b', '1'],
  ];
  const lines = (columns: number | undefined) =>
    tableLines(['root', 'state', 'files'], rows, [{}, {}, { align: 'right' }], { colors: plain, columns });

  it('has headings above columns where there is room', () => {
    const table = [
      'root           state      files',
      '/w/some/where  ready      12345',
      '/v             ready\\x1b      1',
    ];
    expect(lines(undefined)).toEqual(table);
    expect(lines(31)).toEqual(table);
  });

  it('tells row by row where there is not', () => {
    expect(lines(30)).toEqual([
      '/w/some/where',
      '  state ready  files 12345',
      '/v',
      '  state ready\\x1b  files 1',
    ]);
    expect(lines(24)).toEqual([
      '/w/some/where',
      '  state ready',
      '  files 12345',
      '/v',
      '  state ready\\x1b',
      '  files 1',
    ]);
  });
});

describe('factLines', () => {
  it('has the labels in a column, and what is too long below the facts', () => {
    const facts = [
      ['url', 'http://127.0.0.1:1/'],
      ['journal', 'one event, and then another one'],
    ] as const;
    expect(factLines(facts, { colors: plain, columns: 30 })).toEqual([
      'url      http://127.0.0.1:1/',
      'journal  one event, and then',
      '         another one',
    ]);
  });
});
