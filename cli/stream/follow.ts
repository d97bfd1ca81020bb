// What `tail` does: prints a stream's events until it is told to end.
import type { HelloFrame, ServerFrame } from '../../shared/index.ts';
import type { CommandContext } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { noteOtherProtocol } from '../protocol-check.ts';
import { visibleText } from '../visible-text.ts';
import { Backoff } from './backoff.ts';
import { EventStream, type ReviveAgent, type StreamListener } from './event-stream.ts';
import { bareLines, describeGap, type PrintedFrame, readableLines } from './frame-text.ts';
import type { StreamQuery } from './query.ts';

/** How events are printed: for people, one frame a line, or as section 4 of the protocol has it for shells. */
export type FollowFormat = 'readable' | 'json' | 'text';

export interface FollowOptions {
  readonly query: StreamQuery;
  readonly format: FollowFormat;
  /** End after so many file and message events; undefined for never. */
  readonly limit: number | undefined;
  /** Starts the next agent where one died; undefined to wait for one. */
  readonly revive?: ReviveAgent | undefined;
}

/** Prints the frames of one stream, no faster than stdout takes them. */
class Follower implements StreamListener {
  readonly #context: CommandContext;
  readonly #options: FollowOptions;
  readonly #stream: EventStream;
  #roots: readonly string[] = [];
  #events = 0;
  #isFull = false;

  constructor(context: CommandContext, options: FollowOptions) {
    this.#context = context;
    this.#options = options;
    const { query, revive } = options;
    this.#stream = new EventStream(context.connection.instance, query, this, new Backoff(), revive);
  }

  run(): Promise<void> {
    return this.#stream.run();
  }

  connected(hello: HelloFrame, cameBack: boolean): void {
    const { output, connection } = this.#context;
    this.#roots = hello.roots;
    if (!cameBack) return;
    noteOtherProtocol(hello, connection, output);
    output.note(`found the agent "${connection.instance.name}" again, going on after ${hello.cursor}`);
  }

  lost(reason: string): void {
    const { output, connection } = this.#context;
    output.note(`lost the agent "${connection.instance.name}": ${reason}; waiting for it to come back`);
  }

  frame(frame: ServerFrame, text: string): void {
    switch (frame.type) {
      case 'gap':
        if (this.#options.format === 'json') this.#print([text]);
        else this.#context.output.note(describeGap(frame));
        break;
      case 'snapshot':
        this.#print(this.#linesOf(frame, text));
        break;
      case 'file':
      case 'message':
        this.#print(this.#linesOf(frame, text));
        this.#events++;
        if (this.#events === this.#options.limit) this.#stream.stop();
        break;
      case 'error':
        this.#context.output.note(`the agent says: ${frame.detail} (${frame.code})`);
        break;
      default:
      // Answers to what tail does not ask, and frames of a later protocol.
    }
  }

  #linesOf(frame: PrintedFrame, text: string): string[] {
    const { output } = this.#context;
    switch (this.#options.format) {
      case 'json':
        return [text];
      case 'text': {
        const lines = bareLines(frame);
        return output.isTerminal ? lines.map(visibleText) : lines;
      }
      case 'readable':
        return readableLines(frame, { colors: output.colors, showRoots: this.#roots.length > 1 }, Date.now());
    }
  }

  #print(lines: readonly string[]): void {
    const { output } = this.#context;
    const write = (line: string) =>
      this.#options.format === 'json' ? output.json(line) : output.result(line);
    const hasRoom = lines.map(write).at(-1) ?? true;
    if (hasRoom || this.#isFull) return;
    this.#isFull = true;
    this.#stream.pause();
    void output.drained().then(() => {
      this.#isFull = false;
      this.#stream.resume();
    });
  }
}

/** Prints events until the limit is reached, if there is one. */
export async function follow(context: CommandContext, options: FollowOptions): Promise<ExitCode> {
  await new Follower(context, options).run();
  return exitCodes.done;
}
