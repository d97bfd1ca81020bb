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
  /** What follows a `--`, for a command that tells it apart from operands; empty for others. */
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

function unknownCommand(name: string, commands: readonly Command[]): UsageError {
  const meant = closestWord(
    name,
    commands.map((each) => each.name),
  );
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
  const { given, operands, trailing } = readWords(rest, { ...commonFlags, ...command?.flags }, help.name);
  const common = readFlags(commonFlags, given);
  const tellsApart = command?.trailing !== undefined;
  return {
    command,
    common,
    given,
    operands: tellsApart ? operands : [...operands, ...trailing],
    trailing: tellsApart ? trailing : [],
    help: common.help || command === undefined ? help : undefined,
  };
}
