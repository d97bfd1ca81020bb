// The one place in which agentd and agent-cli write text to a stream that a person may be looking at. Whatever names
// and messages stand in that text, none of it reaches a terminal as a control character: not from a line, however it
// was put together.
import { visibleJson, visibleLine } from './visible-text.ts';

/** The part of a stream that is needed; process.stdout and process.stderr are such. */
export type TextStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Writes to one stream. Each method returns false when the stream takes no more for now. */
export class TextWriter {
  readonly #stream: TextStream;
  readonly #painted: boolean;

  /** @param painted whether lines have colours of our own in them */
  constructor(stream: TextStream, painted = false) {
    this.#stream = stream;
    this.#painted = painted;
  }

  /** Writes one line for people; a line break in it is shown as `\n`. */
  line(text: string): boolean {
    return this.#stream.write(`${visibleLine(text, this.#painted)}\n`);
  }

  /** Writes text of several lines that are our own, such as help: line breaks and tabs stay. */
  block(text: string): boolean {
    const lines = text.split('\n').map((line) =>
      line
        .split('\t')
        .map((part) => visibleLine(part, this.#painted))
        .join('\t'),
    );
    return this.#stream.write(`${lines.join('\n')}\n`);
  }

  /** Writes JSON text as one line: byte for byte for a program, the same value without control characters for people. */
  json(text: string): boolean {
    return this.#stream.write(`${this.#stream.isTTY === true ? visibleJson(text) : text}\n`);
  }

  /** Writes a line that is data for scripts: byte for byte, but for a terminal. */
  data(text: string): boolean {
    return this.#stream.isTTY === true ? this.line(text) : this.#stream.write(`${text}\n`);
  }

  /** Writes bytes as they are: the caller has looked where they go. */
  bytes(bytes: Buffer): boolean {
    return this.#stream.write(bytes);
  }
}
