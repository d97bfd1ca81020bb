import { describe, expect, it } from '@jest/globals';
import { bashLine } from './bash-words.ts';

describe('the line as bash cuts it', () => {
  it('puts together what bash takes apart at = and :', () => {
    const line = bashLine(['tail', '--root', '=', '/a', ':', 'b', '--name', 'x', ':']);
    expect(line.before).toEqual(['tail', '--root=/a:b', '--name']);
    expect(line.current).toBe('x:');
  });

  it('reads quotes and backslashes as bash does', () => {
    const line = bashLine(['a\\ b', `'c d'"e\\"f\\g"`, '""', '"open $x']);
    expect(line.before).toEqual(['a b', 'c de"f\\g', '']);
    expect(line.current).toBe('open $x');
  });

  it('is no line at all without words', () => {
    expect(bashLine([])).toMatchObject({ before: [], current: '' });
  });

  it('gives back only what bash replaces, quoted', () => {
    expect(bashLine(['--root', '=', '/my']).reply('--root=/my dir/$x')).toBe('/my\\ dir/\\$x');
    expect(bashLine(['--root', '=']).reply('--root=/a')).toBe('/a');
    expect(bashLine(['/a', ':', 'b']).reply('/a:b c')).toBe('b\\ c');
    expect(bashLine(['/my\\ d']).reply('/my dir')).toBe('/my\\ dir');
    expect(bashLine(['']).reply('#~ÿ')).toBe('\\#\\~ÿ');
  });

  it('goes on in the quotes that are open', () => {
    expect(bashLine([`'it`]).reply(`it's $5`)).toBe(`it'\\''s $5`);
    expect(bashLine(['"it']).reply('it\'s $5 "x"')).toBe('it\'s \\$5 \\"x\\"');
    expect(bashLine(['--root', '=', '"/a b']).reply('--root=/a bc')).toBe('/a bc');
  });

  it('gives nothing for what does not begin so', () => {
    expect(bashLine(['/b']).reply('/a')).toBeUndefined();
  });
});
