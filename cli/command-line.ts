// From the words of a command line to a command with its flags and operands, by yargs.
import yargs, { type Argv } from 'yargs';
import { defaultName, withoutFlagTypes } from '../shared/index.ts';
import type { Command } from './command.ts';
import { UsageError } from './errors.ts';
import { type FlagTable, type FlagValues, readFlags, switchFlag, textFlag } from './flags.ts';
import { closestWord } from './suggestion.ts';

/** The flags that go with every command. */
const commonFlags = {
  name: textFlag(`Which agent, by its name (default: AGENT_NAME, else "${defaultName}")`),
  json: switchFlag('Print JSON'),
  help: switchFlag('Show help'),
  version: switchFlag('Show the version'),
} as const satisfies FlagTable;

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

const epilogue = [
  'agent-cli COMMAND --help shows the flags of a command, and examples.',
  'Exit codes: 0 done, 1 the agent answered with an error, 2 usage,',
  '3 no agent there, 4 time ran out, 130 and 143 ended by a signal.',
].join('\n');

function withFlags(parser: Argv, flags: FlagTable): Argv {
  return Object.entries(flags).reduce((built, [name, flag]) => built.option(name, flag.options), parser);
}

/** What every parse has in common. */
function baseParser(terminalColumns: number | undefined): Argv {
  const parser = yargs()
    .scriptName('agent-cli')
    .locale('en')
    // A terminal that does not know its width says 0.
    .wrap(Math.min(terminalColumns || pipedHelpColumns, widestHelpColumns))
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
    })
    // yargs's own help takes a last word "help" for the flag: `broadcast help` would not be sent.
    .help(false)
    .version(false)
    .exitProcess(false)
    .strictOptions()
    .updateStrings({ 'Not enough arguments following: %s': '--%s needs a value' });
  return withFlags(parser, commonFlags).alias('help', 'h');
}

/**
 * A command is a parser of its own. yargs's commands would parse twice and lay out the help whether it is
 * asked for or not, a tenth of the whole start, and their operands lose a lone "-".
 */
function commandParser(command: Command, terminalColumns: number | undefined): Argv {
  const trailing = command.trailing === undefined ? '' : ` -- ${command.trailing}`;
  const heading = `agent-cli ${command.name} ${command.operands}`.trimEnd() + trailing;
  const usage = [heading, command.summary, ...(command.details === undefined ? [] : [command.details])];
  return withFlags(baseParser(terminalColumns), command.flags)
    .usage(usage.join('\n\n'))
    .group(Object.keys(command.flags), 'Flags:')
    .group(Object.keys(commonFlags), 'Flags of every command:')
    .example(command.examples.map(([line, effect]): [string, string] => [line, effect]));
}

/** For a command line without a command: it lists them. */
function programParser(commands: readonly Command[], terminalColumns: number | undefined): Argv {
  const parser = baseParser(terminalColumns)
    .usage(
      'agent-cli COMMAND\n\nSends messages to a devagent, and shows what happens to the files it watches.',
    )
    .epilogue(epilogue);
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

  const parser =
    command === undefined
      ? programParser(commands, terminalColumns)
      : commandParser(command, terminalColumns);
  parser.fail((message: string | null, error: Error | undefined) => {
    if (error !== undefined && error.name !== 'YError') throw error;
    throw explainUsage(message ?? error?.message ?? '', command);
  });
  const found = await parser.parseAsync(words.filter((_, at) => at !== index));
  const afterDashes = Array.isArray(found['--']) ? found['--'].map(String) : [];
  const tellsApart = command?.trailing !== undefined;
  const common = readFlags(commonFlags, found);
  return {
    command,
    common,
    found,
    operands: [...found._.map(String), ...(tellsApart ? [] : afterDashes)],
    trailing: tellsApart ? afterDashes : [],
    help: common.help || command === undefined ? withoutFlagTypes(await parser.getHelp()) : undefined,
  };
}
