import { describe, expect, it } from '@jest/globals';
import { defineCommand } from './command.ts';
import { parseCommandLine } from './command-line.ts';
import { UsageError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { listFlag, switchFlag, textFlag, wholeNumberFlag } from './flags.ts';

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

const parse = (...words: string[]) => parseCommandLine(words, [say, look], undefined);

describe('parseCommandLine', () => {
  it('keeps operands as they are typed', async () => {
    const line = await parse('say', '007', '1e3', '-5', '-', '', 'help', 'say', '"q"', '__proto__');
    expect(line.command).toBe(say);
    expect(line.operands).toEqual(['007', '1e3', '-5', '-', '', 'help', 'say', '"q"', '__proto__']);
    expect(line.help).toBeUndefined();
  });

  it('takes everything after -- for operands', async () => {
    const line = await parse('say', 'a', '--', '--topic', '-x', '--help');
    expect(line.operands).toEqual(['a', '--topic', '-x', '--help']);
    expect(line.common.help).toBe(false);
  });

  it('finds the command behind the common flags', async () => {
    const line = await parse('--json', '--name', 'look', 'say', 'hi');
    expect(line.command).toBe(say);
    expect(line.common).toMatchObject({ json: true, name: 'look' });
    expect(line.operands).toEqual(['hi']);
  });

  it('takes one value for each time a repeatable flag is given', async () => {
    const line = await parse('say', '--match', 'a', 'b', '--match', 'c');
    expect(line.found['match']).toEqual(['a', 'c']);
    expect(line.operands).toEqual(['b']);
  });

  it('has help for the program and for each command', async () => {
    expect((await parse()).help).toMatch(/agent-cli say +Say something/);
    expect((await parse('--help')).help).toMatch(/agent-cli look +Look around/);
    const help = (await parse('say', '-h')).help;
    expect(help).toMatch(/^agent-cli say WORD\.\.\.\n\nSay something\n/);
    expect(help).toMatch(/agent-cli say hi +say hi/);
    // What yargs parses a flag to is not what it takes.
    expect(help).toMatch(/^ +--limit +how often$/m);
    expect(help).not.toMatch(/\[(string|boolean|array|number)\]/);
    expect((await parse('--help')).help).not.toMatch(/\[(string|boolean|array|number)\]/);
  });

  it.each([
    [['sya'], 'there is no command "sya"', 'did you mean: agent-cli say?'],
    [['frobnicate'], 'there is no command "frobnicate"', 'see: agent-cli --help'],
    [['say', '--topc', 'x'], 'there is no flag --topc', 'did you mean --topic?'],
    [['say', '--zzzzz'], 'there is no flag --zzzzz', 'see: agent-cli say --help'],
    [['look', '--topic', 'x'], 'there is no flag --topic', 'see: agent-cli look --help'],
    [['say', '-z'], 'there is no flag -z', 'see: agent-cli say --help'],
    [['say', '--no-json'], 'there is no flag --no-json', 'see: agent-cli say --help'],
    [['say', '--topic'], '--topic needs a value', undefined],
    [['say', '--not a flag'], 'there is no flag --not a flag', 'put -- before text that begins with a dash'],
  ])('explains %j', async (words, message, hint) => {
    await expect(parse(...words)).rejects.toMatchObject({ message, hint, exitCode: exitCodes.usage });
  });

  it('refuses operands where a command takes none', async () => {
    const line = await parse('look', 'there');
    expect(() => line.command?.prepare(line.found, line.operands, line.trailing)).toThrow(UsageError);
  });
});
