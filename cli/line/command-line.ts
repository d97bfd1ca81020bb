// From the words of a command line to a command with its flags and operands.
import {
  closestWord,
  type FlagValues,
  type GivenFlags,
  type HelpPage,
  readFlags,
  readWords,
} from '../../shared/flags/index.ts';
import { UsageError } from '../../shared/index.ts';
import { programName } from '../outcome/index.ts';
import type { Command } from './command.ts';
import { commonFlags } from './common-flags.ts';
import { flagTableOf, passedFlags, wordsGiven } from './flag-words.ts';
import { commandHelp, programHelp } from './usage.ts';

/** What stands on a command line. */
export interface CommandLine {
  /** Absent when only flags are given. */
  readonly command: Command | undefined;
  readonly common: FlagValues<typeof commonFlags>;
  /** What the flags were given, the command's own among them. */
  readonly given: GivenFlags;
  /** What follows the command's name, flags taken out. */
  readonly operands: readonly string[];
  /**
   * What follows a `--`, and flags that may stand before it as well, for a command that tells it apart from operands;
   * empty for others.
   */
  readonly trailing: readonly string[];
  /** The help that is asked for, or that is all there is to say without a command. */
  readonly help: HelpPage | undefined;
}

/** Where the command's name stands: the first word that is neither a flag nor the value of a common one. */
function commandIndex(words: readonly string[]): number {
  let index = 0;
  for (let word = words[index]; word?.startsWith('-'); word = words[index]) {
    const flag = Object.entries(commonFlags).find(([name]) => word === `--${name}`)?.[1];
    index += flag === undefined || flag.takes === 'nothing' ? 1 : 2;
  }
  return index;
}

/** What other programs call things that are called otherwise here. */
const meanings: Readonly<Record<string, string>> = {
  add: 'watch',
  connect: 'tail',
  dashboard: 'url --open',
  down: 'stop',
  emit: 'broadcast',
  events: 'tail',
  exec: 'on',
  follow: 'tail',
  info: 'status',
  kill: 'stop',
  list: 'files',
  ls: 'files',
  notify: 'broadcast',
  open: 'url --open',
  ps: 'status',
  publish: 'broadcast',
  remove: 'unwatch',
  rm: 'unwatch',
  run: 'on',
  send: 'broadcast',
  subscribe: 'tail',
  up: 'start',
  version: '--version',
};

function unknownCommand(name: string, commands: readonly Command[]): UsageError {
  const names = commands.map((each) => each.name);
  const meant = (Object.hasOwn(meanings, name) ? meanings[name] : undefined) ?? closestWord(name, names);
  return new UsageError(
    `there is no command "${name}"`,
    meant === undefined ? `see: ${programName} --help` : `did you mean: ${programName} ${meant}?`,
  );
}

/**
 * Reads a command line.
 * @param words without the interpreter and the program
 * @throws UsageError
 */
export function parseCommandLine(words: readonly string[], commands: readonly Command[]): CommandLine {
  const index = commandIndex(words);
  const name = words[index];
  const command = commands.find((each) => each.name === name);
  if (command === undefined && name !== undefined) throw unknownCommand(name, commands);

  const rest = words.filter((_, at) => at !== index);
  if (command?.passesOn === true) {
    const given: GivenFlags = new Map();
    const common = readFlags(commonFlags, given);
    return { command, common, given, operands: rest, trailing: [], help: undefined };
  }
  const help = command === undefined ? programHelp(commands) : commandHelp(command);
  const own = { ...commonFlags, ...command?.flags };
  const others = flagTableOf(passedFlags(command?.trailingFlags));
  const { given, operands, trailing } = readWords(rest, { ...others, ...own }, help.name);
  const common = readFlags(commonFlags, given);
  const tellsApart = command?.trailing !== undefined;
  return {
    command,
    common,
    given,
    operands: tellsApart ? operands : [...operands, ...trailing],
    trailing: tellsApart ? [...wordsGiven(Object.keys(others), given), ...trailing] : [],
    help: common.help || command === undefined ? help : undefined,
  };
}
