// What the rules say of paths, be they there or not.
import { describe, expect, it } from '@jest/globals';
import { silentLog } from '../../test/support/silent-log.ts';
import { stat } from './fixtures/entry-stat.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { Directory } from './tree-index.ts';

/** Rules whose .gitignore files are given by directory; all of these are known. */
function rulesOf(files: Readonly<Record<string, string>>, globs: readonly string[] = []) {
  const rules = new IgnoreRules(globs, true, silentLog);
  const root = new Directory('', undefined, stat(1, { kind: 'dir' }));
  for (const [path, bytes] of Object.entries(files)) {
    let at = root;
    for (const name of path === '' ? [] : path.split('/')) {
      const known = at.entries.get(name);
      const next =
        known instanceof Directory
          ? known
          : new Directory(at.path === '' ? name : `${at.path}/${name}`, at, stat(1, { kind: 'dir' }));
      at.entries.set(name, next);
      at = next;
    }
    const reading = rules.setRules(at, { bytes, whole: true });
    while (reading.next().done !== true);
  }
  return { rules, root };
}

describe('paths that are left out', () => {
  it('tells stores, which no view holds, from what rules leave out', () => {
    const { rules, root } = rulesOf({ '': 'dist/\n*.log\n', a: '!keep.log\n' }, ['tmp']);
    expect(rules.leftOut(root, 'a/.git/config', false)).toBe('never');
    expect(rules.leftOut(root, 'dist/.hg', true)).toBe('never');
    expect(rules.leftOut(root, 'dist', true)).toBe('rule');
    expect(rules.leftOut(root, 'dist', false)).toBeUndefined();
    expect(rules.leftOut(root, 'tmp/x', false)).toBe('rule');
    expect(rules.leftOut(root, 'a/x.log', false)).toBe('rule');
    expect(rules.leftOut(root, 'a/keep.log', false)).toBeUndefined();
    expect(rules.isNever('a/.gitignore')).toBe(false);
    expect(rules.isNever('.svn')).toBe(true);
  });

  it('knows of paths whose directories are not there', () => {
    const { rules, root } = rulesOf({ '': 'dist/\n', a: 'out/x/\n' });
    expect(rules.leftOut(root, 'new/dist/b/c', false)).toBe('rule');
    expect(rules.leftOut(root, 'a/out/x/y', false)).toBe('rule');
    expect(rules.leftOut(root, 'a/out/y', false)).toBeUndefined();
    expect(rules.leftOut(root, 'b/out/x', true)).toBeUndefined();
  });
});
