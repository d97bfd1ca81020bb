import type { Line } from './lines.ts';

/** The newest lines, up to a number of them and up to a weight. */
export class BoundedLines {
  readonly #mostLines: number;
  readonly #mostChars: number;
  #lines: Line[] = [];
  /** Where in the array the oldest that counts is: an array is slow to lose its first element. */
  #start = 0;
  #chars = 0;

  constructor(mostLines: number, mostChars: number) {
    this.#mostLines = mostLines;
    this.#mostChars = mostChars;
  }

  get length(): number {
    return this.#lines.length - this.#start;
  }

  /** Takes a line in, and lets go of the oldest ones that there is no room for. The newest always stays. */
  push(line: Line): void {
    this.#lines.push(line);
    this.#chars += line.chars;
    while (this.length > this.#mostLines || (this.#chars > this.#mostChars && this.length > 1)) {
      this.#chars -= (this.#lines[this.#start] as Line).chars;
      this.#start += 1;
    }
    if (this.#start > this.#mostLines || this.#start > this.length * 2) {
      this.#lines = this.#lines.slice(this.#start);
      this.#start = 0;
    }
  }

  /** The lines, oldest first. */
  all(): readonly Line[] {
    return this.#lines.slice(this.#start);
  }

  /** The newest ones, oldest first. */
  last(count: number): readonly Line[] {
    return this.#lines.slice(Math.max(this.#start, this.#lines.length - count));
  }

  /** Lets go of all. */
  clear(): void {
    this.#lines = [];
    this.#start = 0;
    this.#chars = 0;
  }
}
