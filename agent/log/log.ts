// The agent's log: events with fields, readable on standard error and as JSON lines in a file. winston
// does levels and fans out; what a line looks like is in shared/log-line.ts, and the file in log-file.ts.
import { once } from 'node:events';
import { Writable } from 'node:stream';
import winston from 'winston';
import { consoleLine, jsonLine, type LogEntry, type LogLevel } from '../../shared/index.ts';
import { LogFile, type LogFileOptions } from './log-file.ts';

export type { LogLevel };

/** Longer than writing what is left takes, shorter than anybody waits for a process to end. */
const closeLimitMs = 500;

/** More of an entry: values of any kind, errors included. Undefined ones are left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the parts of the agent write what happens to them. */
export interface Log {
  /** @param event a few words that are always the same, such as `root ready`; what differs is in the fields */
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
  /** Whether debug entries go anywhere: ask before collecting costly fields. */
  isDebug(): boolean;
  /** The same log, with `fields` in every entry. */
  child(fields: LogFields): Log;
  /** Writes what is left and closes the log, for all children too. Later entries go nowhere. */
  close(): Promise<void>;
}

export interface LogOptions extends LogFileOptions {
  readonly level: LogLevel;
  /** The file for JSON lines, absolute. */
  readonly file?: string | undefined;
  /** Default: standard error. It is not closed with the log. */
  readonly console?: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Default: on a terminal, unless `NO_COLOR` is set. */
  readonly color?: boolean;
}

/**
 * Makes a log. A file that can't be written is told once on the console, and how many lines were lost
 * is told in the file as soon as it takes lines again; neither ever throws.
 */
export function createLog(options: LogOptions): Log {
  const { level, console = process.stderr } = options;
  // https://no-color.org
  const color = options.color ?? (console.isTTY === true && !process.env['NO_COLOR']);
  const forPeople = (entry: LogEntry): string => consoleLine(entry, { color, debug: level === 'debug' });
  const tell = (entry: LogEntry): void => void console.write(`${forPeople(entry)}\n`);

  const file = options.file === undefined ? undefined : new LogFile(options.file, options);
  const logger = winston.createLogger({
    level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    // Entries pass as they are; each transport renders its own.
    format: winston.format((info) => info)(),
    transports: [
      new winston.transports.Stream({ stream: console, eol: '\n', format: render(forPeople) }),
      ...(file === undefined
        ? []
        : [
            new winston.transports.Stream({
              stream: fileStream(file, tell),
              eol: '',
              format: render(jsonLine),
            }),
          ]),
    ],
  });
  // A closed terminal or pipe must not end the agent, and there is no place left to tell of it.
  const ignore = (): void => {};
  console.on('error', ignore);

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const finished = once(logger, 'finish');
    logger.end();
    await atMost(closeLimitMs, finished);
    file?.close();
    console.removeListener('error', ignore);
  };
  const sink: Sink = {
    debugging: level === 'debug',
    // winston makes an entry after the end an uncaught error.
    write: (entry) => {
      if (closing === undefined) logger.log({ level: entry.level, message: entry.event, entry });
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
  return new FieldLog(sink, {});
}

/** What a log and its children share. */
interface Sink {
  readonly debugging: boolean;
  write(entry: LogEntry): void;
  close(): Promise<void>;
}

class FieldLog implements Log {
  readonly #sink: Sink;
  readonly #fields: LogFields;

  constructor(sink: Sink, fields: LogFields) {
    this.#sink = sink;
    this.#fields = fields;
  }

  error(event: string, fields?: LogFields): void {
    this.#write('error', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#write('warn', event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#write('info', event, fields);
  }

  debug(event: string, fields?: LogFields): void {
    if (this.#sink.debugging) this.#write('debug', event, fields);
  }

  isDebug(): boolean {
    return this.#sink.debugging;
  }

  child(fields: LogFields): Log {
    return new FieldLog(this.#sink, { ...this.#fields, ...fields });
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #write(level: LogLevel, event: string, fields?: LogFields): void {
    this.#sink.write({ time: new Date(), level, event, fields: { ...this.#fields, ...fields } });
  }
}

function render(line: (entry: LogEntry) => string): winston.Logform.Format {
  // Put there by the only call of logger.log, above.
  return winston.format.printf((info) => line(info['entry'] as LogEntry));
}

/** The file as a stream that never fails: errors are told to the console, the first time they happen. */
function fileStream(file: LogFile, tell: (entry: LogEntry) => void): Writable {
  let told = false;
  let lostLines = 0;
  const attempt = (work: () => void): boolean => {
    try {
      work();
      return true;
    } catch (error) {
      const fields = { file: file.path, error };
      if (!told) tell({ time: new Date(), level: 'warn', event: 'log file not written', fields });
      told = true;
      return false;
    }
  };
  attempt(() => file.open());
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done): void {
      const written = attempt(() => {
        if (lostLines > 0) {
          const fields = { lines: lostLines };
          file.write(jsonLine({ time: new Date(), level: 'warn', event: 'log lines lost', fields }));
          lostLines = 0;
        }
        file.write(line);
      });
      if (!written) lostLines += 1;
      done();
    },
  });
}

/** Waits for `promise`, but no longer than `ms`. */
async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}
