// What a command is made of: how it is written, what it says of itself, and what it does.

import {
  type Completes,
  type FlagTable,
  type FlagValues,
  type GivenFlags,
  readFlags,
} from '../../shared/flags/index.ts';
import { UsageError } from '../../shared/index.ts';
import type { Connection } from '../agent/index.ts';
import type { Signals } from '../outcome/index.ts';
import type { Output } from '../screen/index.ts';
import type { FlagWord } from './flag-words.ts';

/** What a command works with. */
export interface CommandContext {
  readonly output: Output;
  /** To the agent that `--name` names. */
  readonly connection: Connection;
  /** For a command that a signal must not end at once. */
  readonly signals: Signals;
  /** Whether results are to be JSON. */
  readonly json: boolean;
}

/** A command in its own file. */
export interface CommandDefinition<Flags extends FlagTable> {
  readonly name: string;
  /** What stands after the name, as in `MSG...`; empty for a command that takes nothing but flags. */
  readonly operands: string;
  /** For the completion of its operands; absent where that goes by their word, or there is nothing to offer. */
  readonly completes?: Completes;
  /** What stands after a `--`, as in `CMD...`. Without it, what stands there is operands, too. */
  readonly trailing?: string;
  /** Flags of the program that the words after the -- are for: they may stand anywhere on the line. */
  readonly trailingFlags?: readonly FlagWord[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** More about it, for its own help. */
  readonly details?: string;
  /** Command lines with what each does. */
  readonly examples: readonly (readonly [commandLine: string, effect: string])[];
  readonly flags: Flags;
  /** All that stands on the line beside its name is read by the program that it runs, flags included. */
  readonly passesOn?: true;
  /** It works without an agent, and beside one that does not answer: nothing is asked before it runs. */
  readonly withoutAgent?: true;
  /** It deals with an agent that does not answer, also one whose protocol can't be known for that reason. */
  readonly endsSilentAgents?: true;
  /**
   * How long the command may take in all, whatever the agent does, in milliseconds; absent, or undefined, where
   * each question to the agent has a time of its own.
   */
  timeLimitMs?(flags: FlagValues<Flags>): number | undefined;
  /**
   * @param operands what was given after the name, flags taken out
   * @param trailing what was given of {@link trailingFlags}, and after a `--`; empty where {@link trailing} is absent
   * @returns the exit code: one of `exitCodes`, or that of a program that it ran; undefined if that runs in this
   * process, and sets it by itself
   */
  run(
    flags: FlagValues<Flags>,
    operands: readonly string[],
    context: CommandContext,
    trailing: readonly string[],
  ): Promise<number | undefined>;
}

/** A command whose flags' types are known to itself alone. */
export type Command = Omit<CommandDefinition<FlagTable>, 'run' | 'timeLimitMs'> & {
  /**
   * Reads the command line's flags.
   * @param given what the flags were given
   * @param trailing what follows a `--`, for a command that tells it apart
   * @returns the command, ready to run
   * @throws UsageError for values or operands that it does not take
   */
  prepare(given: GivenFlags, operands: readonly string[], trailing: readonly string[]): PreparedCommand;
};

/** A command whose flags are read. */
export interface PreparedCommand {
  readonly timeLimitMs: number | undefined;
  run(context: CommandContext): Promise<number | undefined>;
}

/** Closes a definition over the types of its flags, so that commands of all kinds fit in one list. */
export function defineCommand<Flags extends FlagTable>(definition: CommandDefinition<Flags>): Command {
  return {
    ...definition,
    prepare(given, operands, trailing) {
      if (operands.length > 0 && definition.operands === '') {
        throw new UsageError(
          `"${definition.name}" takes no arguments, only flags: unexpected argument "${operands[0]}"`,
        );
      }
      const values = readFlags(definition.flags, given);
      return {
        timeLimitMs: definition.timeLimitMs?.(values),
        run: (context) => definition.run(values, operands, context, trailing),
      };
    },
  };
}
