// What completion knows of a program: its commands, their flags, and what their values are.

import type { Completes, FlagTable } from '../../shared/flags/index.ts';
import type { Command } from '../line/index.ts';
import { commonFlags } from '../line/index.ts';

/** A flag on a command line. */
export interface FlagWord {
  /** Without dashes. */
  readonly name: string;
  /** A letter for it. */
  readonly letter?: string;
  readonly summary: string;
  readonly takesValue: boolean;
  /** Whether it may be given more than once. */
  readonly repeats: boolean;
  readonly completes?: Completes;
}

/** A command; a program without commands is one, too. */
export interface Grammar {
  readonly flags: readonly FlagWord[];
  /** What its operands are; absent where there is nothing to offer. */
  readonly operand?: Completes;
  /** Whether more than one operand may follow. */
  readonly manyOperands: boolean;
  /** What follows a `--`: flags of agentd, or a command line of any program; absent where it is operands, too. */
  readonly trailing?: Grammar | 'program';
}

/** A command of a program. */
export interface CommandWord {
  readonly name: string;
  readonly summary: string;
  readonly grammar: Grammar;
}

/** A whole program. */
export interface Program {
  /** Undefined for one that has none: then {@link grammar} is all of it. */
  readonly commands: readonly CommandWord[] | undefined;
  /** Before a command's name. */
  readonly grammar: Grammar;
}

/** One word a thing: what a flag or an operand of this name takes, unless its definition says otherwise. */
const kinds: Readonly<Record<string, Completes>> = {
  name: 'instance',
  root: 'root',
  topic: 'topicFilter',
  config: 'file',
  'log-file': 'file',
  DIR: 'directory',
  FILE: 'file',
  GLOB: 'file',
  ID: 'client',
};

/** What a value of this name is; nothing for a name that tells nothing. */
function completesByName(name: string): { completes?: Completes } {
  const kind = kinds[name];
  return kind === undefined ? {} : { completes: kind };
}

/** The flags of a table, as completion offers them. */
export function flagWords(flags: FlagTable): FlagWord[] {
  return Object.entries(flags).map(([name, { description, letter, takes, completes }]) => ({
    name,
    ...(letter === undefined ? {} : { letter }),
    summary: description,
    takesValue: takes !== 'nothing',
    repeats: takes === 'values',
    ...(completes === undefined ? completesByName(name) : { completes }),
  }));
}

function trailingGrammar(word: string, agentdFlags: readonly FlagWord[]): Grammar | 'program' {
  return word.startsWith('AGENTD-FLAGS') ? { flags: agentdFlags, manyOperands: false } : 'program';
}

function commandGrammar(command: Command, agentdFlags: readonly FlagWord[]): Grammar {
  const word = /[A-Z]+/.exec(command.operands)?.[0] ?? '';
  const operand = command.completes ?? completesByName(word).completes;
  return {
    flags: [...flagWords(command.flags), ...flagWords(commonFlags)],
    ...(operand === undefined ? {} : { operand }),
    manyOperands: command.operands.includes('...'),
    ...(command.trailing === undefined ? {} : { trailing: trailingGrammar(command.trailing, agentdFlags) }),
  };
}

/** agent-cli, made of its commands; some of them pass flags on to agentd. */
export function cliProgram(commands: readonly Command[], agentdFlags: readonly FlagWord[]): Program {
  const words = commands.map((command) => ({
    name: command.name,
    summary: command.summary,
    grammar: commandGrammar(command, agentdFlags),
  }));
  const help: Grammar = {
    flags: [],
    operand: commands.map(({ name }) => name),
    manyOperands: false,
  };
  return {
    commands: [...words, { name: 'help', summary: 'Show help', grammar: help }],
    grammar: { flags: flagWords(commonFlags), manyOperands: false },
  };
}

/** agentd, made of its flags. */
export function agentdProgram(flags: readonly FlagWord[]): Program {
  return {
    commands: undefined,
    grammar: { flags, operand: 'directory', manyOperands: true },
  };
}
