// What is said of the runs, on stderr, since stdout is the command's: sentences, or with --json a line of
// JSON for each.
import { countOf, formatDuration, type GapEvent, type HelloFrame } from '../../shared/index.ts';
import type { CommandContext } from '../line/index.ts';
import { describeFound, describeGap, describeLost } from '../stream/index.ts';
import { type CommandLine, commandText, exitCodeOfRun, type RunEnd } from './command-run.ts';

/** Why the command is run. */
export interface RunCause {
  /** How many paths changed, and the first of them. */
  readonly paths: number;
  readonly firstPaths: readonly string[];
  /** How many messages came. */
  readonly messages: number;
  /** Whether changes may have been missed. */
  readonly gap: boolean;
  readonly cursor: string;
}

/** As many as are of help to who looks for what starts the command. */
export const namedPaths = 3;
/** Of the command, in a line that a narrow terminal shall hold with the first path. */
const commandCharacters = 32;

function describeCause({ paths, firstPaths, messages, gap }: RunCause, most = namedPaths): string {
  const parts: string[] = [];
  if (paths > 0) {
    const named = firstPaths.slice(0, most);
    const others = paths - named.length;
    parts.push(`${named.join(', ')}${others > 0 ? ` and ${others} more` : ''} changed`);
  }
  if (messages > 0) parts.push(`${countOf(messages, 'message')} came`);
  if (gap) parts.push('changes may have been missed');
  return parts.length > 0 ? parts.join(', ') : 'to begin with';
}

/** Tells what the runs do. */
export class Reporter {
  readonly #context: CommandContext;
  readonly #command: CommandLine;

  constructor(context: CommandContext, command: CommandLine) {
    this.#context = context;
    this.#command = command;
  }

  /** Said before the command is started, since it may print at once. */
  starting(cause: RunCause): void {
    if (this.#context.json) return;
    const text = commandText(this.#command);
    const short = text.length > commandCharacters ? `${text.slice(0, commandCharacters - 1)}…` : text;
    this.#context.output.progress(`${describeCause(cause, 1)}: running ${short}`);
  }

  started(run: number, pid: number, { paths, messages, gap, cursor }: RunCause): void {
    this.#say({ type: 'start', run, pid, changed: paths, messages, gap, cursor }, () => {});
  }

  ended(run: number, end: RunEnd): void {
    const { code, signal, ms } = end;
    const facts = { type: 'exit', run, code, signal, exitCode: exitCodeOfRun(end), ms: Math.round(ms) };
    const { output } = this.#context;
    if (end.error !== undefined) {
      const error = end.error.message;
      this.#say({ ...facts, error }, () =>
        output.note(`${this.#command.words[0]} can't be run: ${error}; trying again at the next change`),
      );
      return;
    }
    this.#say(facts, () => {
      const how = signal === null ? `exited with ${code}` : `was ended by ${signal}`;
      output.progress(`${code === 0 ? 'done' : how} after ${formatDuration(ms)}`);
    });
  }

  held(runs: number, cause: RunCause): void {
    this.#say({ type: 'held', runs, changed: cause.paths, paths: cause.firstPaths }, () => {
      const { output } = this.#context;
      output.note(
        `held: the command was run ${runs} times in a row for nothing but what changed while it ran, and again ${describeCause(cause)}`,
      );
      output.hint(
        'it runs again at the next change that is not its own; leave its output out with --ignore GLOB, or name it in .gitignore',
      );
    });
  }

  gone(directory: string): void {
    this.note(`not run: the directory ${directory} is gone; trying again at the next change`);
  }

  gap(gap: GapEvent): void {
    this.#say(gap, () => this.#context.output.note(describeGap(gap)));
  }

  lost(reason: string): void {
    const { name } = this.#context.connection.instance;
    this.#say({ type: 'lost', reason }, () => this.#context.output.note(describeLost(name, reason)));
  }

  found(hello: Pick<HelloFrame, 'cursor'>): void {
    const { name } = this.#context.connection.instance;
    this.#say({ type: 'found', cursor: hello.cursor }, () =>
      this.#context.output.note(describeFound(name, hello)),
    );
  }

  /** Says what is of interest to people alone. */
  note(text: string): void {
    this.#say({ type: 'note', text }, () => this.#context.output.note(text));
  }

  #say(facts: object, inWords: () => void): void {
    if (this.#context.json) this.#context.output.noteJson(facts);
    else inWords();
  }
}
