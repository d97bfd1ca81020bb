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

const begin = defineCommand({
  name: 'begin',
  operands: '[DIR...]',
  trailing: 'FLAGS...',
  trailingFlags: [
    { name: 'port', summary: 'where', takesValue: true, repeats: false },
    { name: 'ignore', summary: 'what not', takesValue: true, repeats: true },
    { name: 'aloud', summary: 'not in a whisper', takesValue: false, repeats: false },
    { name: 'name', summary: 'another name', takesValue: true, repeats: false },
  ],
  summary: 'Begin',
  examples: [],
  flags: { wait: wholeNumberFlag('how long', 0, 9) },
  run: async () => exitCodes.done,
});

const parse = (...words: string[]) => parseCommandLine(words, [say, look, begin]);

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

  it("passes flags of another program on, those after -- last, but for the program's own", () => {
    const line = parse(
      ...[
        'begin',
        'a',
        '--ignore',
        '**/*.log',
        '--name',
        'ci',
        '--port=0',
        '--ignore=-x',
        '--wait',
        '1',
        '--aloud',
      ],
      ...['--', '--port', '1'],
    );
    expect(line.operands).toEqual(['a']);
    expect(line.common.name).toBe('ci');
    expect(line.given.get('wait')).toEqual(['1']);
    expect(line.trailing).toEqual([
      ...['--port=0', '--ignore=**/*.log', '--ignore=-x', '--aloud=true'],
      ...['--port', '1'],
    ]);
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
    [['send'], 'there is no command "send"', 'did you mean: agent-cli broadcast?'],
    [['dashboard'], 'there is no command "dashboard"', 'did you mean: agent-cli url --open?'],
    [['version'], 'there is no command "version"', 'did you mean: agent-cli --version?'],
    [['constructor'], 'there is no command "constructor"', 'see: agent-cli --help'],
    [['-V'], 'unknown flag -V', 'did you mean --version?'],
    [['say', '-v'], 'unknown flag -v', 'did you mean --version?'],
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
