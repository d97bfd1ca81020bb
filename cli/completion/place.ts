// Where on a command line the word stands that is to be completed.
import type { Completes } from '../../shared/flags/index.ts';
import type { FlagWord } from '../line/index.ts';
import type { CommandWord, Grammar, Program } from './grammar.ts';

/** What may stand there. */
export type Wanted =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'commands'; readonly commands: readonly CommandWord[] }
  | { readonly kind: 'flags'; readonly flags: readonly FlagWord[] }
  /** `prefix` is what the word begins with before its value, as in `--root=`. */
  | { readonly kind: 'value'; readonly completes: Completes; readonly prefix: string }
  /** A command line of another program. */
  | { readonly kind: 'program' };

/** What stands on the line before the word. */
export interface Place {
  readonly wanted: Wanted;
  /** The agent that the line names. */
  readonly agent: string | undefined;
}

const nothing: Wanted = { kind: 'nothing' };

function value(completes: Completes | undefined, prefix = ''): Wanted {
  return completes === undefined ? nothing : { kind: 'value', completes, prefix };
}

/** The name and the value of `--name=value`; undefined for a word that is no flag. */
function flagOf(word: string): { readonly name: string; readonly value: string | undefined } | undefined {
  const [, name, text] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  return name === undefined ? undefined : { name, value: text };
}

/** Reads a command line up to the word that is to be completed. */
class Reader {
  readonly #program: Program;
  #grammar: Grammar;
  #commandGiven: boolean;
  #unknownCommand = false;
  #operands = 0;
  #dashes = false;
  #awaitsValue: FlagWord | undefined;
  readonly #given = new Set<string>();
  agent: string | undefined;

  constructor(program: Program) {
    this.#program = program;
    this.#grammar = program.grammar;
    this.#commandGiven = program.commands === undefined;
  }

  take(word: string): void {
    const awaiting = this.#awaitsValue;
    this.#awaitsValue = undefined;
    const flag = this.#dashes ? undefined : flagOf(word);
    if (awaiting !== undefined) this.#takeValue(awaiting, word);
    else if (flag !== undefined) this.#takeFlag(flag.name, flag.value);
    else if (word === '--' && !this.#dashes) this.#takeDashes();
    else if (this.#commandGiven) this.#operands += 1;
    else this.#takeCommand(word);
  }

  #takeDashes(): void {
    const { trailing } = this.#grammar;
    if (typeof trailing === 'object') this.#grammar = trailing;
    else this.#dashes = true;
  }

  #takeFlag(name: string, text: string | undefined): void {
    const flag = this.#grammar.flags.find((each) => each.name === name || each.letter === name);
    this.#given.add(flag?.name ?? name);
    if (flag?.takesValue !== true) return;
    if (text === undefined) this.#awaitsValue = flag;
    else this.#takeValue(flag, text);
  }

  #takeValue({ name }: FlagWord, text: string): void {
    if (name === 'name') this.agent = text;
  }

  #takeCommand(word: string): void {
    const command = this.#program.commands?.find(({ name }) => name === word);
    this.#commandGiven = true;
    if (command === undefined) this.#unknownCommand = true;
    else this.#grammar = command.grammar;
  }

  /** What the next word may be, of which `current` is there already. */
  wanted(current: string): Wanted {
    const grammar = this.#grammar;
    if (this.#awaitsValue !== undefined) return value(this.#awaitsValue.completes);
    if (this.#unknownCommand) return nothing;
    if (this.#dashes && grammar.trailing === 'program') return { kind: 'program' };
    if (!this.#dashes && current.startsWith('-')) {
      const flag = flagOf(current);
      if (flag?.value === undefined) return { kind: 'flags', flags: this.#flagsLeft() };
      const known = grammar.flags.find(({ name, takesValue }) => name === flag.name && takesValue);
      return value(known?.completes, `--${flag.name}=`);
    }
    if (!this.#commandGiven) return { kind: 'commands', commands: this.#program.commands ?? [] };
    return this.#operands === 0 || grammar.manyOperands ? value(grammar.operand) : nothing;
  }

  #flagsLeft(): FlagWord[] {
    return this.#grammar.flags.filter(({ name, repeats }) => repeats || !this.#given.has(name));
  }
}

/**
 * Finds the place of a word.
 * @param before the words before it, without the program
 * @param current what is there of it already
 */
export function placeOf(program: Program, before: readonly string[], current: string): Place {
  const reader = new Reader(program);
  for (const word of before) reader.take(word);
  return { wanted: reader.wanted(current), agent: reader.agent };
}
