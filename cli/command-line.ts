// From the words of a command line to a command with its flags and operands, by yargs.
import type { Argv } from 'yargs';
import { withoutFlagTypes } from '../shared/index.ts';
import type { Command } from './command.ts';
import { commonFlags } from './common-flags.ts';
import { UsageError } from './errors.ts';
import { exitMeanings } from './exit-codes.ts';
import { type FlagTable, type FlagValues, readFlags } from './flags.ts';
import { type Found, findFlags, parserConfiguration } from './found-flags.ts';
import { closestWord } from './suggestion.ts';
import { programName, programSummary, usageOf } from './usage.ts';

/** What stands on a command line. */
export interface CommandLine {
  /** Absent when only flags are given. */
  readonly command: Command | undefined;
  readonly common: FlagValues<typeof commonFlags>;
  /** The command's own flags as yargs found them. */
  readonly found: Readonly<Record<string, unknown>>;
  /** What follows the command's name, flags taken out. */
  readonly operands: readonly string[];
  /** What follows a `--`, for a command that tells it apart from operands; empty for others. */
  readonly trailing: readonly string[];
  /** The text of the help that is asked for, or that is all there is to say without a command. */
  readonly help: string | undefined;
}

/** Longer lines are hard to read, however wide the terminal is. */
const widestHelpColumns = 100;
const pipedHelpColumns = 80;

function epilogue(): string {
  const codes = Object.entries(exitMeanings).map(([code, meaning]) => `${code} ${meaning}`);
  return [
    `${programName} COMMAND --help shows the flags of a command, and examples.`,
    `Exit codes: ${codes.slice(0, 3).join(', ')},`,
    `${codes.slice(3).join(', ')}.`,
  ].join('\n');
}

function withFlags(parser: Argv, flags: FlagTable): Argv {
  return Object.entries(flags).reduce((built, [name, flag]) => built.option(name, flag.options), parser);
}

/** What every parse has in common. */
async function baseParser(terminalColumns: number | undefined): Promise<Argv> {
  const { default: yargs } = await import('yargs');
  const parser = yargs()
    .scriptName(programName)
    .locale('en')
    // A terminal that does not know its width says 0.
    .wrap(Math.min(terminalColumns || pipedHelpColumns, widestHelpColumns))
    .parserConfiguration(parserConfiguration)
    // yargs's own help takes a last word "help" for the flag: `broadcast help` would not be sent.
    .help(false)
    .version(false)
    .exitProcess(false)
    .strictOptions()
    .updateStrings({ 'Not enough arguments following: %s': '--%s needs a value' });
  return withFlags(parser, commonFlags);
}

/**
 * A command is a parser of its own. yargs's commands would parse twice and lay out the help whether it is
 * asked for or not, a tenth of the whole start, and their operands lose a lone "-".
 */
async function commandParser(command: Command, terminalColumns: number | undefined): Promise<Argv> {
  const usage = [
    usageOf(command),
    command.summary,
    ...(command.details === undefined ? [] : [command.details]),
  ];
  return withFlags(await baseParser(terminalColumns), command.flags)
    .usage(usage.join('\n\n'))
    .group(Object.keys(command.flags), 'Flags:')
    .group(Object.keys(commonFlags), 'Flags of every command:')
    .example(command.examples.map(([line, effect]): [string, string] => [line, effect]));
}

/** For a command line without a command: it lists them. */
async function programParser(
  commands: readonly Command[],
  terminalColumns: number | undefined,
): Promise<Argv> {
  const parser = (await baseParser(terminalColumns))
    .usage(`${programName} COMMAND\n\n${programSummary}`)
    .epilogue(epilogue());
  for (const command of commands) parser.command(command.name, command.summary);
  return parser;
}

/** Where the command's name stands: the first word that is neither a flag nor the value of a common one. */
function commandIndex(words: readonly string[]): number {
  let index = 0;
  for (let word = words[index]; word?.startsWith('-'); word = words[index]) {
    const flag = Object.entries(commonFlags).find(([name]) => word === `--${name}`)?.[1];
    index += flag?.options.requiresArg === true ? 2 : 1;
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
    meant === undefined ? 'see: agent-cli --help' : `did you mean: agent-cli ${meant}?`,
  );
}

/** yargs says "Unknown argument: x" or "Unknown arguments: x, y" without the dashes. */
function explainUsage(message: string, command: Command | undefined): UsageError {
  const unknown = /^Unknown arguments?: ([^,]*)/.exec(message)?.[1];
  if (unknown === undefined) return new UsageError(message);
  const flags = [...Object.keys(commonFlags), ...Object.keys(command?.flags ?? {})];
  const meant = closestWord(unknown, flags);
  const place = command === undefined ? 'agent-cli' : `agent-cli ${command.name}`;
  const remedy = /\s/.test(unknown) ? 'put -- before text that begins with a dash' : `see: ${place} --help`;
  return new UsageError(
    `there is no flag ${unknown.length === 1 ? '-' : '--'}${unknown}`,
    meant === undefined ? remedy : `did you mean --${meant}?`,
  );
}

/** Reads a command line with all of yargs: for help, and to say what is wrong. */
async function parseWithYargs(
  words: readonly string[],
  command: Command | undefined,
  commands: readonly Command[],
  terminalColumns: number | undefined,
): Promise<{ found: Found; help: string | undefined }> {
  const parser = await (command === undefined
    ? programParser(commands, terminalColumns)
    : commandParser(command, terminalColumns));
  parser.fail((message: string | null, error: Error | undefined) => {
    if (error !== undefined && error.name !== 'YError') throw error;
    throw explainUsage(message ?? error?.message ?? '', command);
  });
  const found = await parser.parseAsync([...words]);
  const wanted = readFlags(commonFlags, found).help || command === undefined;
  return { found, help: wanted ? withoutFlagTypes(await parser.getHelp()) : undefined };
}

/**
 * Reads a command line.
 * @param words without the interpreter and the program
 * @param terminalColumns the terminal's width, undefined in a pipe
 * @throws UsageError
 */
export async function parseCommandLine(
  words: readonly string[],
  commands: readonly Command[],
  terminalColumns: number | undefined,
): Promise<CommandLine> {
  const index = commandIndex(words);
  const name = words[index];
  const command = commands.find((each) => each.name === name);
  if (command === undefined && name !== undefined) throw unknownCommand(name, commands);

  const rest = words.filter((_, at) => at !== index);
  const quick = command && findFlags(rest, { ...commonFlags, ...command.flags });
  const { found, help } =
    quick === undefined || readFlags(commonFlags, quick).help
      ? await parseWithYargs(rest, command, commands, terminalColumns)
      : { found: quick, help: undefined };
  const afterDashes = Array.isArray(found['--']) ? found['--'].map(String) : [];
  const tellsApart = command?.trailing !== undefined;
  return {
    command,
    common: readFlags(commonFlags, found),
    found,
    operands: [...found._.map(String), ...(tellsApart ? [] : afterDashes)],
    trailing: tellsApart ? afterDashes : [],
    help,
  };
}
