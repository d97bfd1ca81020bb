import { describe, expect, it } from '@jest/globals';
import picocolors from 'picocolors';
import { ok, problem, shellWord, warning } from './finding.ts';
import { describeFindings } from './report.ts';

const plain = picocolors.createColors(false);

describe('describeFindings', () => {
  it('gives a line to each, then words to those that are not ok, then a summary', () => {
    const findings = [
      ok('node', '20.19.0'),
      warning({
        check: 'port',
        found: 'is taken',
        means: 'It means this.',
        remedy: 'Do that:',
        commands: ['a b'],
      }),
      problem({
        check: 'state-directory',
        found: '/x\u001b[2J belongs to another',
        means: 'One two three four five six seven eight nine ten.',
        remedy: 'Do something.',
      }),
    ];
    expect(describeFindings(findings, plain, { proseColumns: 30, lineColumns: undefined })).toEqual([
      'ok       node             20.19.0',
      'warning  port             is taken',
      'problem  state-directory  /x\\x1b[2J belongs to another',
      '',
      'warning: port: is taken',
      '  It means this.',
      '  Do that:',
      '    a b',
      '',
      'problem: state-directory:',
      '/x\\x1b[2J belongs to another',
      '  One two three four five six',
      '  seven eight nine ten.',
      '  Do something.',
      '',
      '1 problem, 1 warning, 1 ok',
    ]);
  });

  it('cuts a line that a terminal would break, where the whole stands below', () => {
    const found = '/tmp/日本語/some/long/path is wrong';
    const finding = problem({ check: 'roots', found, means: 'M.', remedy: 'R.' });
    const lines = describeFindings([finding, ok('a', 'x'.repeat(40))], plain, {
      proseColumns: 80,
      lineColumns: 36,
    });
    expect(lines.slice(0, 4)).toEqual([
      'problem  roots  /tmp/日本語/some/lo…',
      `ok       a      ${'x'.repeat(40)}`,
      '',
      `problem: roots: ${found}`,
    ]);
  });

  it('paints the states where colours are wanted', () => {
    const colors = picocolors.createColors(true);
    const lines = describeFindings([ok('node', '20.19.0')], colors, { proseColumns: 80, lineColumns: 80 });
    expect(lines).toEqual([
      `${colors.green('ok')}  node  20.19.0`,
      '',
      colors.green('0 problems, 0 warnings, 1 ok'),
    ]);
  });
});

describe('shellWord', () => {
  it.each([
    ['/tmp/a-b_c.sock', '/tmp/a-b_c.sock'],
    ['/tmp/a b', "'/tmp/a b'"],
    ["/tmp/it's $(x)", "'/tmp/it'\\''s $(x)'"],
  ])('keeps %s one word', (path, word) => expect(shellWord(path)).toBe(word));
});
