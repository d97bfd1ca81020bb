// What there is to say of both programs, from where --help takes it.
import * as z from 'zod';
import {
  commandLineHelp,
  type FlagHelp,
  flagsOfHelp,
  settingInfo,
  settingsSchema,
} from '../../agent/config/index.ts';
import type { Command } from '../../cli/command.ts';
import { commands } from '../../cli/commands/index.ts';
import { commonFlags } from '../../cli/common-flags.ts';
import { exitMeanings } from '../../cli/exit-codes.ts';
import type { FlagTable } from '../../cli/flags.ts';
import { programName, programSummary, usageOf } from '../../cli/usage.ts';

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

function written(name: string, values: readonly string[] | boolean, alias?: string): string {
  const value = typeof values === 'boolean' ? (values ? ' VALUE' : '') : ` ${values.join('|')}`;
  return `${alias === undefined ? '' : `-${alias}, `}--${name}${value}`;
}

function flagLines(flags: FlagTable): FlagLine[] {
  return Object.entries(flags).map(([name, { options, completes }]) => {
    const values = Array.isArray(completes) ? (completes as readonly string[]) : options.type !== 'boolean';
    const alias = typeof options.alias === 'string' ? options.alias : undefined;
    return { flag: written(name, values, alias), about: options.description ?? '' };
  });
}

function commandPage(command: Command): CommandPage {
  const flags = flagLines(command.flags);
  return {
    name: `${programName} ${command.name}`,
    usage: usageOf(command),
    summary: command.summary,
    details: command.details === undefined ? [] : [command.details],
    flags: flags.length === 0 ? [] : [{ heading: 'Flags', flags }],
    examples: command.examples,
  };
}

/** agent-cli */
export function cliPage(): ProgramPage {
  return {
    name: programName,
    usage: `${programName} COMMAND`,
    summary: programSummary,
    details: [`${programName} COMMAND --help shows the flags of a command, and examples.`],
    flags: [{ heading: 'Flags of every command', flags: flagLines(commonFlags) }],
    examples: [],
    commands: commands.map(commandPage),
    exits: Object.entries(exitMeanings),
    seeAlso: 'agentd',
  };
}

/** The words that a setting of agentd may be; undefined where it is no choice. */
export function wordsOf({ key }: FlagHelp): readonly string[] | undefined {
  const schema = key === undefined ? undefined : settingsSchema.shape[key].unwrap();
  return schema instanceof z.ZodEnum ? schema.options.map(String) : undefined;
}

/** Whether a flag of agentd may be given often. */
export function isList({ key }: FlagHelp): boolean {
  return key !== undefined && settingInfo[key].kind === 'list';
}

/** agentd */
export function agentdPage(): ProgramPage {
  const all = flagsOfHelp();
  const headings = [...new Set(all.map(({ group }) => group))];
  return {
    name: 'agentd',
    usage: commandLineHelp.usage,
    summary: commandLineHelp.summary,
    details: [commandLineHelp.environment],
    flags: headings.map((heading) => ({
      heading,
      flags: all
        .filter(({ group }) => group === heading)
        .map((flag) => ({
          flag: written(flag.name, wordsOf(flag) ?? !flag.isSwitch, flag.alias),
          about: flag.describe,
        })),
    })),
    examples: commandLineHelp.examples,
    commands: [],
    exits: [],
    seeAlso: programName,
  };
}
