import { describe, expect, it } from '@jest/globals';
import {
  helpText,
  listFlag,
  readFlags,
  switchFlag,
  textFlag,
  wholeNumberFlag,
} from '../../shared/flags/index.ts';
import { UsageError } from '../../shared/index.ts';
import { exitCodes } from '../outcome/index.ts';
import { defineCommand } from './command.ts';
import { parseCommandLine } from './command-line.ts';

const say = defineCommand({
  name: 'say',
  operands: 'WORD...',
  summary: 'Say something',
  examples: [['agent-cli say hi', 'say hi']],
  flags: {
    topic: textFlag('on this topic'),
    match: listFlag('globs'),
    limit: wholeNumberFlag('how often', 1, 9),
    aloud: switchFlag('not in a whisper'),
  },
  run: async () => exitCodes.done,
});
const look = defineCommand({
  name: 'look',
  operands: '',
  summary: 'Look around',
  examples: [],
  flags: {},
  run: async () => exitCodes.done,
});

const parse = (...words: string[]) => parseCommandLine(words, [say, look]);

const help = async (...words: string[]) => {
  const page = parse(...words).help;
  return page === undefined ? '' : helpText(page, undefined);
};

describe('parseCommandLine', () => {
  it('keeps operands as they are typed', () => {
    const line = parse('say', '007', '1e3', '-5', '-', '', 'help', 'say', '"q"', '__proto__');
    expect(line.command).toBe(say);
    expect(line.operands).toEqual(['007', '1e3', '-5', '-', '', 'help', 'say', '"q"', '__proto__']);
    expect(line.help).toBeUndefined();
  });

  it('takes everything after -- for operands', () => {
    const line = parse('say', 'a', '--', '--topic', '-x', '--help');
    expect(line.operands).toEqual(['a', '--topic', '-x', '--help']);
    expect(line.common.help).toBe(false);
  });

  it('finds the command behind the common flags', () => {
    const line = parse('--json', '--name', 'look', 'say', 'hi');
    expect(line.command).toBe(say);
    expect(line.common).toMatchObject({ json: true, name: 'look' });
    expect(line.operands).toEqual(['hi']);
  });

  it('takes one value for each time a repeatable flag is given', () => {
    const line = parse('say', '--match', 'a', 'b', '--match', 'c');
    expect(line.given.get('match')).toEqual(['a', 'c']);
    expect(line.operands).toEqual(['b']);
  });

  it('takes the last value of a flag that is given again, as agentd does', () => {
    const line = parse(
      '--name',
      'a',
      'say',
      '--limit',
      '1',
      '--name=b',
      '--json',
      '--limit',
      '2',
      '--json=false',
    );
    expect(line.common).toMatchObject({ name: 'b', json: false });
    expect(readFlags(say.flags, line.given)).toMatchObject({ limit: 2 });
  });

  it('sends the word behind a switch, whatever it is', () => {
    expect(parse('say', '--json', 'true', '--aloud', 'false').operands).toEqual(['true', 'false']);
  });

  it('has help for the program and for each command', async () => {
    expect(await help()).toMatch(/agent-cli say +Say something/);
    expect(await help('--help')).toMatch(/agent-cli look +Look around/);
    const text = await help('say', '-h');
    expect(text).toMatch(/^agent-cli say WORD\.\.\.\n\nSay something\n/);
    expect(text).toMatch(/agent-cli say hi +say hi/);
    // What yargs parses a flag to is not what it takes.
    expect(text).toMatch(/^ +--limit +how often$/m);
    for (const each of [text, await help()]) expect(each).not.toMatch(/\[(string|boolean|array|number)\]/);
  });

  it.each([
    [['sya'], 'there is no command "sya"', 'did you mean: agent-cli say?'],
    [['frobnicate'], 'there is no command "frobnicate"', 'see: agent-cli --help'],
    [['say', '--topc', 'x'], 'unknown flag --topc', 'did you mean --topic?'],
    [['say', '--zzzzz'], 'unknown flag --zzzzz', 'see: agent-cli say --help'],
    [['look', '--topic', 'x'], 'unknown flag --topic', 'see: agent-cli look --help'],
    [['say', '-z'], 'unknown flag -z', 'see: agent-cli say --help'],
    [['say', '--no-json'], 'unknown flag --no-json', 'see: agent-cli say --help'],
    [['say', '--topic'], '--topic needs a value', undefined],
    [['say', '--not a flag'], 'unknown flag --not a flag', 'put -- before text that begins with a dash'],
  ])('explains %j', (words, message, hint) => {
    expect(() => parse(...words)).toThrow(expect.objectContaining({ name: 'UsageError', message, hint }));
  });

  it('refuses operands where a command takes none', () => {
    const line = parse('look', 'there');
    expect(() => line.command?.prepare(line.given, line.operands, line.trailing)).toThrow(UsageError);
  });
});
