// What `tail` and `wait` do: print a stream's events until there were enough.
import type { AgentEvent, ConnectedEvent, ReviveAgent, StreamQuery } from '../../shared/client/index.ts';
import type { GapEvent } from '../../shared/index.ts';
import { noteOtherProtocol } from '../agent/index.ts';
import type { CommandContext } from '../line/index.ts';
import { CliError, type ExitCode, exitCodes } from '../outcome/index.ts';
import {
  BatchText,
  bareLines,
  describeFound,
  describeGap,
  describeLost,
  type LineStyle,
  type PrintedFrame,
  readableLines,
} from './frame-text.ts';
import { LiveStream } from './live-stream.ts';

/** How events are printed: for people, one frame a line, or as section 4 of the protocol has it for shells. */
type FollowFormat = 'readable' | 'json' | 'text';

export interface FollowOptions {
  readonly query: StreamQuery;
  readonly format: FollowFormat;
  /** End after so many file and message events; undefined for never. */
  readonly limit: number | undefined;
  /** Whether people get each change of many at once, and not a summary. */
  readonly verbose: boolean;
  /** Starts the next agent where one died; undefined to wait for one. */
  readonly revive?: ReviveAgent | undefined;
}

/** What is waited for. */
export interface WaitOptions {
  readonly query: StreamQuery;
  readonly format: FollowFormat;
  /** As for {@link FollowOptions}. */
  readonly revive?: ReviveAgent | undefined;
}

/** How a Follower deals with gaps. */
type GapTeller = (gap: GapEvent, text: string) => void;

/** Prints the frames of one stream, no faster than stdout takes them. */
class Follower {
  readonly #context: CommandContext;
  readonly #options: FollowOptions;
  readonly #stream: LiveStream;
  readonly #tellGap: GapTeller;
  readonly #batch = new BatchText();
  readonly #sumsUp: boolean;
  #onConnected: () => void = () => {};
  #wasConnected = false;
  #roots: readonly string[] = [];
  #events = 0;
  #isFull = false;

  constructor(context: CommandContext, options: FollowOptions, tellGap?: GapTeller) {
    this.#context = context;
    this.#options = options;
    const { query, revive } = options;
    const take = (event: AgentEvent, text: string): void => this.#take(event, text);
    this.#stream = new LiveStream(context.connection, query, take, revive);
    this.#tellGap = tellGap ?? ((gap, text) => this.#printGap(gap, text));
    // A program that reads the lines gets them all.
    this.#sumsUp = options.format === 'readable' && context.output.isTerminal && !options.verbose;
  }

  /**
   * Prints until there were enough events, or the command's time is over.
   * @returns whether there were enough
   */
  async run(): Promise<boolean> {
    const { limit } = this.#context.connection;
    let timer: NodeJS.Timeout | undefined;
    if (limit !== undefined) {
      const giveUp = (): void => {
        limit.pause();
        this.#stream.stop();
      };
      // Until then the agent owes an answer, and it is for the limit to say that it never came.
      this.#onConnected = () => {
        timer ??= setTimeout(giveUp, limit.leftMs);
      };
    }
    try {
      await this.#stream.ended;
    } finally {
      clearTimeout(timer);
    }
    return this.#events === this.#options.limit;
  }

  #connected(event: ConnectedEvent): void {
    const { output, connection } = this.#context;
    this.#roots = event.roots;
    this.#onConnected();
    const cameBack = this.#wasConnected;
    this.#wasConnected = true;
    if (!cameBack) return;
    noteOtherProtocol(event, connection, output);
    output.note(describeFound(connection.instance.name, event));
  }

  #take(frame: AgentEvent, text: string): void {
    const { output, connection } = this.#context;
    // What is left of a batch whose end does not come.
    if (frame.type !== 'file') this.#printBatch();
    switch (frame.type) {
      case 'connected':
        this.#connected(frame);
        break;
      case 'lost':
        output.note(describeLost(connection.instance.name, frame.reason));
        break;
      case 'gap':
        // One that the client noticed itself came as no text.
        this.#tellGap(frame, text || JSON.stringify(frame));
        break;
      case 'snapshot':
        this.#print(this.#linesOf(frame, text));
        break;
      case 'file':
      case 'message': {
        this.#events++;
        const isLast = this.#events === this.#options.limit;
        if (frame.type === 'file' && this.#sumsUp) {
          this.#batch.add(frame);
          if (isLast || frame.more !== true) this.#printBatch();
        } else this.#print(this.#linesOf(frame, text));
        if (isLast) this.#stream.stop();
        break;
      }
      default:
      // Roots that come and go are not printed.
    }
  }

  #printGap(gap: GapEvent, text: string): void {
    if (this.#options.format === 'json') this.#print([text]);
    else this.#context.output.note(describeGap(gap));
  }

  #printBatch(): void {
    const lines = this.#batch.take(this.#style());
    if (lines.length > 0) this.#print(lines);
  }

  #style(): LineStyle {
    const { colors, columns } = this.#context.output;
    return { colors, columns, showRoots: this.#roots.length > 1 };
  }

  #linesOf(frame: PrintedFrame, text: string): string[] {
    switch (this.#options.format) {
      case 'json':
        return [text];
      case 'text':
        return bareLines(frame);
      case 'readable':
        return readableLines(frame, this.#style(), Date.now());
    }
  }

  #print(lines: readonly string[]): void {
    const { output } = this.#context;
    const write = (line: string): boolean => {
      switch (this.#options.format) {
        case 'json':
          return output.json(line);
        case 'text':
          return output.data(line);
        case 'readable':
          return output.result(line);
      }
    };
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

/**
 * Waits for one event, and prints it and nothing else.
 * @throws CliError with the exit code for a time-out
 */
export async function waitForEvent(context: CommandContext, options: WaitOptions): Promise<ExitCode> {
  const { query, format, revive } = options;
  const tellGap = (gap: GapEvent): void => {
    context.output.note(describeGap(gap));
    // After a crawl the differences follow, and one that is waited for is among them.
    if (gap.reason !== 'recrawl') {
      context.output.hint('what is waited for may have been among them; going on to wait for the next');
    }
  };
  const follower = new Follower(context, { query, format, limit: 1, verbose: false, revive }, tellGap);
  if (await follower.run()) return exitCodes.done;
  throw new CliError(exitCodes.timeRanOut, `nothing came within ${context.connection.limit?.ms} ms`);
}
