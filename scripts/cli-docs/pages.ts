// What there is to say of both programs, from where --help takes it.
import { agentdHelp } from '../../agent/config/index.ts';
import { commands } from '../../cli/commands/index.ts';
import { commandHelp, programHelp } from '../../cli/line/index.ts';
import { exitMeanings, programName } from '../../cli/outcome/index.ts';
import type { FlagTable, HelpPage } from '../../shared/flags/index.ts';

/** A flag, as in `-h, --help` or `--backend auto|polling`, and what it does. */
export interface FlagLine {
  readonly flag: string;
  readonly about: string;
}

/** Flags under a heading. */
export interface FlagGroup {
  readonly heading: string;
  readonly flags: readonly FlagLine[];
}

/** A command, or a program of one. */
export interface CommandPage {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** What else there is to say, by paragraphs. */
  readonly details: readonly string[];
  readonly flags: readonly FlagGroup[];
  readonly examples: readonly (readonly [commandLine: string, effect: string])[];
}

/** A program. */
export interface ProgramPage extends CommandPage {
  readonly commands: readonly CommandPage[];
  readonly exits: readonly (readonly [code: string, meaning: string])[];
  readonly seeAlso: string;
}

function flagLines(flags: FlagTable): FlagLine[] {
  return Object.entries(flags).map(([name, { takes, letter, description, completes }]) => {
    const values = Array.isArray(completes) ? completes.join('|') : 'VALUE';
    return {
      flag: `${letter === undefined ? '' : `-${letter}, `}--${name}${takes === 'nothing' ? '' : ` ${values}`}`,
      about: description,
    };
  });
}

/** @param details what there is to say of it besides, by paragraphs */
function pageOf(
  { name, usage, summary, groups, examples }: HelpPage,
  details: readonly string[],
): CommandPage {
  const flags = groups.map((group) => ({ heading: group.heading, flags: flagLines(group.flags) }));
  return { name, usage, summary, details, flags, examples };
}

/** agent-cli */
export function cliPage(): ProgramPage {
  const page = pageOf(programHelp(commands), [
    `${programName} COMMAND --help shows the flags of a command, and examples.`,
  ]);
  const headings = page.flags.map(({ heading }) => heading);
  return {
    ...page,
    commands: commands.map((command) => {
      const own = pageOf(commandHelp(command), command.details === undefined ? [] : [command.details]);
      // Those of every command are told once.
      return { ...own, flags: own.flags.filter(({ heading }) => !headings.includes(heading)) };
    }),
    exits: Object.entries(exitMeanings),
    seeAlso: agentdHelp.name,
  };
}

/** agentd */
export function agentdPage(): ProgramPage {
  const { epilogue = '' } = agentdHelp;
  return { ...pageOf(agentdHelp, [epilogue]), commands: [], exits: [], seeAlso: programName };
}
