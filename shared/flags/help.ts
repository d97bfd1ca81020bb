// The text of --help. yargs lays it out, and is loaded for nothing else: that takes a tenth of a command's whole time.
import type { FlagTable } from './flags.ts';

/** Flags under a heading of help. */
export interface FlagGroup {
  readonly heading: string;
  readonly flags: FlagTable;
}

/** What a program, or a command of one, says of itself, wherever that is shown: --help, docs/cli.md, its man page. */
export interface HelpPage {
  /** As it is called, without its arguments: `agentd`. */
  readonly name: string;
  /** With them: `agentd [DIR…]`. */
  readonly usage: string;
  readonly summary: string;
  /** More about it. */
  readonly details?: string | undefined;
  /** The commands of a program that has some, each with its summary. */
  readonly commands?: readonly (readonly [name: string, summary: string])[];
  readonly groups: readonly FlagGroup[];
  /** Command lines, with what each does. */
  readonly examples: readonly (readonly [commandLine: string, effect: string])[];
  /** What comes last. */
  readonly epilogue?: string;
}

/** Longer lines are hard to read, however wide the terminal is. */
const widestColumns = 100;
const pipedColumns = 80;

/**
 * yargs shows the type that it would parse a flag to, which is text for numbers and lists too, because what the
 * text means is decided elsewhere: that would mislead.
 */
function withoutFlagTypes(help: string): string {
  return help.replaceAll(/\s*\[(?:string|boolean)\]$/gm, '');
}

/**
 * Lays out the text of --help.
 * @param terminalColumns the terminal's width, undefined in a pipe; a terminal that does not know it says 0
 */
export async function helpText(page: HelpPage, terminalColumns: number | undefined): Promise<string> {
  const { default: yargs } = await import('yargs');
  const { name, usage, summary, details, commands = [], groups, examples, epilogue } = page;
  const layout = yargs([])
    .scriptName(name)
    .locale('en')
    .wrap(Math.min(terminalColumns || pipedColumns, widestColumns))
    .help(false)
    .version(false)
    .usage([usage, summary, ...(details === undefined ? [] : [details])].join('\n\n'));
  for (const [command, about] of commands) layout.command(command, about);
  for (const { heading, flags } of groups) {
    for (const [flag, { takes, letter, description }] of Object.entries(flags)) {
      layout.option(flag, {
        type: takes === 'nothing' ? 'boolean' : 'string',
        group: `${heading}:`,
        description,
        ...(letter === undefined ? {} : { alias: letter }),
      });
    }
  }
  for (const [line, effect] of examples) layout.example(line, effect);
  if (epilogue !== undefined) layout.epilogue(epilogue);
  return withoutFlagTypes(await layout.getHelp());
}
