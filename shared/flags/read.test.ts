import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { listFlag, readFlags, switchFlag, textFlag, withLetter } from './flags.ts';
import { readWords } from './read.ts';

const flags = {
  topic: textFlag('a topic'),
  watch: withLetter('w', listFlag('directories')),
  clear: switchFlag('first', 'c'),
  restart: switchFlag('at once', 'r'),
};

function read(...words: string[]) {
  const { given, operands, trailing } = readWords(words, flags, 'program');
  return { ...readFlags(flags, given), operands, trailing };
}

describe('the words of a command line', () => {
  it('are flags before, between and behind operands', () => {
    expect(read('--clear', 'a', '--topic', 't', 'b', '--watch=x', '-w', 'y', '-wz')).toEqual({
      topic: 't',
      watch: ['x', 'y', 'z'],
      clear: true,
      restart: false,
      operands: ['a', 'b'],
      trailing: [],
    });
  });

  it('mean the last of what is given again, and all of a list', () => {
    expect(
      read('--topic', 'a', '--clear', '--topic=b', '--clear=false', '-r', '--restart=0', '-r'),
    ).toMatchObject({
      topic: 'b',
      clear: false,
      restart: true,
    });
  });

  it('are no values of a switch', () => {
    for (const word of ['true', 'false', '1']) {
      expect(read('--clear', word)).toMatchObject({ clear: true, operands: [word] });
      expect(read('-c', word, '-r')).toMatchObject({ clear: true, restart: true, operands: [word] });
    }
  });

  it('may share a dash', () => {
    expect(read('-cr', 'x')).toMatchObject({ clear: true, restart: true, operands: ['x'] });
    expect(read('-crw', 'x', '-w=y')).toMatchObject({ clear: true, restart: true, watch: ['x', 'y'] });
  });

  it('are what they are behind a --', () => {
    expect(read('a', '--', '--topic', '--', '-x')).toMatchObject({
      topic: undefined,
      operands: ['a'],
      trailing: ['--topic', '--', '-x'],
    });
  });

  it('may be negative numbers, and a lone dash', () => {
    expect(read('-5', '-.5', '-', '', '-55', '--topic', '-1', '-w', '-')).toMatchObject({
      operands: ['-5', '-.5', '-', '', '-55'],
      topic: '-1',
      watch: ['-'],
    });
  });

  it('are flags where a flag has the digit for its letter', () => {
    const zero = { print0: switchFlag('NUL', '0') };
    expect(readWords(['-0', '-1', 'a'], zero, 'program')).toMatchObject({
      given: new Map([['print0', ['true']]]),
      operands: ['-1', 'a'],
    });
  });

  it.each([
    [['--topc', 'x'], 'unknown flag --topc', 'did you mean --topic?'],
    [['--zzzzzz', '-x', '-x'], 'unknown flag --zzzzzz, -x', 'see: program --help'],
    [['--no-clear'], 'unknown flag --no-clear', 'see: program --help'],
    [['--constructor', '--__proto__=1'], 'unknown flag --constructor, --__proto__', 'see: program --help'],
    [['--not a flag'], 'unknown flag --not a flag', 'put -- before text that begins with a dash'],
    [['--topic'], '--topic needs a value', undefined],
    [['--topic', '--clear'], '--topic needs a value', undefined],
    [['--topic', '--'], '--topic needs a value', undefined],
    [['-cw'], '--watch needs a value', undefined],
  ])('that can not be meant are explained: %j', (words, message, hint) => {
    expect(() => read(...words)).toThrow(expect.objectContaining({ name: 'UsageError', message, hint }));
  });

  it('come out as they went in, whatever they hold', () => {
    const plain = fc.string({ unit: 'binary' }).filter((word) => !word.startsWith('-'));
    fc.assert(
      fc.property(fc.array(plain), fc.array(plain), fc.array(fc.string()), (topics, operands, trailing) => {
        const given = topics.flatMap((topic) => ['--topic', topic]);
        const result = read(...given, ...operands, '--', ...trailing);
        expect(result).toMatchObject({ topic: topics.at(-1), operands, trailing });
      }),
    );
  });
});
