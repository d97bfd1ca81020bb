// What completion knows of a program: its commands, their flags, and what their values are.

import type { Completes } from '../../shared/flags/index.ts';
import {
  type Command,
  commonFlags,
  completesByName,
  type FlagWord,
  flagWords,
  passedFlags,
} from '../line/index.ts';

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

function trailingGrammar(word: string, agentdFlags: readonly FlagWord[]): Grammar | 'program' {
  return word.startsWith('AGENTD-FLAGS') ? { flags: agentdFlags, manyOperands: false } : 'program';
}

function commandGrammar(command: Command, agentdFlags: readonly FlagWord[]): Grammar {
  const word = /[A-Z]+/.exec(command.operands)?.[0] ?? '';
  const operand = command.completes ?? completesByName(word).completes;
  return {
    flags: [...flagWords(command.flags), ...passedFlags(command.trailingFlags), ...flagWords(commonFlags)],
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
