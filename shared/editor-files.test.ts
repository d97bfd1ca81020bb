import { describe, expect, it } from '@jest/globals';
import { isEditorFile, savedFileOf } from './editor-files.ts';

describe('what editors put beside a file', () => {
  it.each([
    '.a.ts.swp',
    'src/.a.ts.swo',
    '.swp',
    'src/.a.swx',
    '.a.swpx',
    'src/4913',
    '.#a.ts',
    'x y/#a.ts#',
    'a.ts~',
    'a.ts.~12~',
    'a.ts___jb_tmp___',
    'a.ts___jb_old___',
    '.goutputstream-1XK2Z0',
    '.a.ts.kate-swp',
    'a.ts.vsctmp',
    '.~lock.a.odt#',
    '~$a.docx',
  ])('%s is told from files', (path) => {
    expect(isEditorFile(path)).toBe(true);
  });

  it.each([
    'a.ts',
    'a.swp',
    '.a.swf',
    'swap',
    '4913/a.ts',
    '49130',
    'a4913',
    '#a',
    'a#',
    'C#/a.cs',
    '~/a.ts',
    'a~/b.ts',
    '.#/a',
    '.env',
    'a.tmp',
    'sedentary',
    'a___jb_tmp___.ts',
  ])('%s is a file', (path) => {
    expect(isEditorFile(path)).toBe(false);
  });

  it('a copy leads back to the file that is saved', () => {
    expect(['s/a.ts~', 's/a.ts___jb_tmp___', 's/a.ts', 's~/a'].map(savedFileOf)).toEqual([
      's/a.ts',
      's/a.ts',
      undefined,
      undefined,
    ]);
  });
});
