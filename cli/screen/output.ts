// Where a command's text goes: results to stdout, everything said about them to stderr.
import picocolors from 'picocolors';
import { type TextStream, TextWriter, visibleText } from '../../shared/index.ts';
import { exitCodes, programName } from '../outcome/index.ts';
import { wrapLine } from './wrap.ts';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** The part of a stream that output needs; process.stdout and process.stderr are such. */
export type OutputStream = TextStream & { readonly columns?: number };

/** How results are laid out and painted; an {@link Output} is such. */
export interface Page {
  readonly colors: Colors;
  /** The terminal's width; undefined where lines may be as long as they are. */
  readonly columns: number | undefined;
}

/** A terminal that does not know its width says 0. */
function columnsOf(stream: OutputStream): number | undefined {
  return (stream.isTTY === true && stream.columns) || undefined;
}

/** Whether text for `stream` may be coloured: on a terminal that can, and unless NO_COLOR says no. */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/** A command's two streams. */
export class Output implements Page {
  /** Whether results are shown to a person at once. */
  readonly isTerminal: boolean;
  /** Paints results; passes text through unchanged where colour is not wanted. */
  readonly colors: Colors;
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #results: TextWriter;
  readonly #notes: TextWriter;

  constructor(
    stdout: OutputStream,
    stderr: OutputStream,
    env: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.isTerminal = stdout.isTTY === true;
    const painted = wantsColor(stdout, env);
    this.colors = picocolors.createColors(painted);
    this.#results = new TextWriter(stdout, painted);
    this.#notes = new TextWriter(stderr);
  }

  /** The width of the terminal that shows the results, which may change. */
  get columns(): number | undefined {
    return columnsOf(this.#stdout);
  }

  /**
   * Writes a line for people to stdout. Nothing in it but our own colours drives a terminal; names and messages are
   * made visible before they are painted, so that they have no colours either.
   * @returns false when stdout takes no more for now: wait for {@link drained} before the next one
   */
  result(line: string): boolean {
    return this.#results.line(line);
  }

  /** Writes several lines that are our own; returns what {@link result} does. */
  text(lines: string): boolean {
    return this.#results.block(lines);
  }

  /** Writes a line that is data for scripts, byte for byte in a pipe; returns what {@link result} does. */
  data(line: string): boolean {
    return this.#results.data(line);
  }

  /** Writes bytes to stdout as they are; returns what {@link result} does. */
  bytes(bytes: Buffer): boolean {
    return this.#results.bytes(bytes);
  }

  /** Writes JSON text as one line to stdout, byte for byte unless a terminal could be driven by it. */
  json(text: string): boolean {
    return this.#results.json(text);
  }

  /** Resolves when stdout takes text again. */
  drained(): Promise<void> {
    return new Promise((resolve) => this.#stdout.once('drain', resolve));
  }

  /** Resolves when all that was written to stdout has been handed over; if nobody takes it the process ends before. */
  flushed(): Promise<void> {
    return new Promise((resolve) => this.#stdout.write('', () => resolve()));
  }

  /** Says one line about what happens, on stderr. */
  note(line: string): void {
    const speaker = `${programName}: `;
    this.#say(speaker + visibleText(line), speaker.length);
  }

  /** Says one line about what goes on, on stderr, if somebody looks at it. */
  progress(line: string): void {
    if (this.#stderr.isTTY === true) this.note(line);
  }

  /** Writes a note as one line of JSON to stderr, for a program that reads it. */
  noteJson(value: unknown): void {
    this.#notes.json(JSON.stringify(value));
  }

  /** Clears the terminal that results are shown on; what has scrolled away stays. Does nothing elsewhere. */
  clear(): void {
    if (this.isTerminal) this.#stdout.write('\u001b[H\u001b[2J');
  }

  /** Says what to do about the note before it. */
  hint(line: string): void {
    this.#say(`  ${visibleText(line)}`, 4);
  }

  /** Writes text of our own making, such as help, to stderr. */
  help(text: string): void {
    this.#notes.block(text);
  }

  #say(line: string, indent: number): void {
    this.#notes.block(wrapLine(line, columnsOf(this.#stderr), indent).join('\n'));
  }
}

/**
 * Ends the process quietly when the reader of `stream` goes (`agent-cli tail | head`), and with a word
 * when the stream fails otherwise, as on a full disk.
 */
export function exitWhenClosed(stream: OutputStream, output: Output): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done);
    output.note(`the output can't be written: ${error.message}`);
    process.exit(exitCodes.failed);
  });
}
