import { describe, expect, it } from '@jest/globals';
import { compileGlobs } from '../../shared/globs/index.ts';
import { globFilter, type PathKind, placeIn } from './globs.ts';

const nothing = (): PathKind => undefined;
const at = (prefix: string) => ({ root: '/repo', prefix });
const filter = (globs: string[], prefix = '', kindOf = nothing) => globFilter(globs, [], at(prefix), kindOf);

describe('placeIn', () => {
  it('finds the innermost root that holds a directory', () => {
    const roots = ['/', '/repo', '/repo/packages/app', '/repo/pack'];
    expect(placeIn(roots, '/repo/packages/app/src')).toEqual({ root: '/repo/packages/app', prefix: 'src' });
    expect(placeIn(roots, '/repo/packages')).toEqual({ root: '/repo', prefix: 'packages' });
    expect(placeIn(roots, '/repo')).toEqual({ root: '/repo', prefix: '' });
    expect(placeIn(roots, '/home/me')).toEqual({ root: '/', prefix: 'home/me' });
    expect(placeIn(['/repo'], '/repository')).toBeUndefined();
  });
});

describe('globFilter', () => {
  it('puts the way from the root before each glob', () => {
    expect(filter(['src/**/*.ts', './*.js'], 'a/b').match).toEqual(['a/b/src/**/*.ts', 'a/b/*.js']);
    expect(filter(['../lib/*.ts', '../..'], 'a/b').match).toEqual(['a/lib/*.ts', '**']);
  });

  it('takes a path for itself and all that is in it', () => {
    expect(filter(['src']).match).toEqual(['src', 'src/**']);
    expect(filter(['.', 'src/', '*/']).match).toEqual(['**', 'src', 'src/**', '*/**']);
  });

  it('takes the name of a file that exists for no glob', () => {
    const { match } = filter(['pages/[id].tsx'], '', () => 'file');
    expect(match).toHaveLength(1);
    const matches = compileGlobs(match);
    expect(matches('pages/[id].tsx')).toBe(true);
    expect(matches('pages/i.tsx')).toBe(false);
  });

  it.each(['a[b]c', 'a{b,c}', 'a*(b)', '!a', 'what?', '@(x)', 'a\\b', 'a+b|c', ' a'])(
    'reads nothing into a directory that is called %s',
    (name) => {
      const matches = compileGlobs(filter(['*.ts'], name).match);
      expect(matches(`${name}/x.ts`)).toBe(true);
      expect(matches('abc/x.ts')).toBe(false);
    },
  );

  it('leaves out what begins with ! or is to be ignored', () => {
    expect(globFilter(['src/**', '!src/gen'], ['*.log'], at('a'), nothing)).toEqual({
      match: ['a/src/**'],
      ignore: ['a/src/gen', 'a/src/gen/**', 'a/*.log'],
    });
    expect(filter(['!(a|b).ts', '!dist']).match).toEqual(['!(a|b).ts']);
    expect(filter(['!dist']).match).toEqual(['**']);
  });

  it('says what is wrong', () => {
    expect(() => filter([''])).toThrow('a GLOB is empty');
    expect(() => filter(['/etc/*'])).toThrow('relative to the current directory');
    expect(() => filter(['../../x'], 'a')).toThrow('leads out of /repo');
    const files = Array.from({ length: 101 }, (_, i) => `${i}.ts`);
    expect(() => filter(files, '', () => 'file')).toThrow('101 GLOBs are too many');
  });
});
