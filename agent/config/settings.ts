// The settings of agentd that may come from a flag, an environment variable or a config file: their
// types, what a good value looks like, and the words that help and errors use for them.
import { isIP } from 'node:net';
import * as z from 'zod';
import { objectionToGlobs } from '../../shared/globs/index.ts';
import {
  defaultHost,
  defaultJournalBytes,
  defaultName,
  defaultPort,
  defaultSettleMs,
  instanceNamePattern,
  logLevels,
  type SettingSource,
} from '../../shared/index.ts';

/** setTimeout holds its delay in 31 bits, and fires at once for anything longer. */
const longestTimerMs = 2 ** 31 - 1;
/** Longer would only feel like a watcher that has died. */
const longestSettleMs = 60_000;
/** Some 300 typical events: with fewer, a client would meet a gap after the first pause for breath. */
const smallestJournalBytes = 64 * 1024;
/** Days of a busy machine's events. The journal is memory, and a slip of the keyboard must not take all of it. */
const largestJournalBytes = 1024 ** 3;

/** Ways to watch. */
const backends = ['auto', 'directories', 'recursive', 'chokidar', 'polling'] as const;

/** Words for a sentence: "a, b or c". */
function anyOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

const hostName = /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i;

function isHost(text: string): boolean {
  return isIP(text) !== 0 || hostName.test(text);
}

/**
 * The origin as browsers send it (lower case, without a default port), or undefined for what is none.
 * Schemes that URL knows nothing of, such as chrome-extension, keep their host as it is.
 */
function normalOrigin(text: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s\\*,]+$/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin;
}

/** Globs that can be used; for others the error says which one, and why. */
const globs = z.array(z.string().min(1)).superRefine((list, context) => {
  const message = objectionToGlobs(list.filter((glob) => glob !== ''));
  if (message !== undefined) context.addIssue({ code: 'custom', message, params: { says: 'all' } });
});

/** Everything but the roots; each member may be absent, and the same object is valid JSON of the config file. */
export const settingsSchema = z
  .strictObject({
    name: z.string().regex(instanceNamePattern),
    host: z.string().refine(isHost).toLowerCase(),
    port: z.int().min(0).max(65_535),
    allowHost: z.array(z.string().refine(isHost).toLowerCase()),
    allowOrigin: z.array(
      z.string().transform((text, context) => {
        const origin = normalOrigin(text);
        if (origin === undefined) context.addIssue('not an origin');
        return origin ?? z.NEVER;
      }),
    ),
    allowRemote: z.boolean(),
    backend: z.enum(backends),
    settle: z.int().min(0).max(longestSettleMs),
    ignore: globs,
    gitignore: z.boolean(),
    journalBytes: z.int().min(smallestJournalBytes).max(largestJournalBytes),
    logLevel: z.enum(logLevels),
    logFile: z.string().min(1),
    livereload: z.boolean(),
    livereloadPort: z.int().min(0).max(65_535),
    livereloadMatch: globs,
    idleExit: z.int().min(1).max(longestTimerMs),
    store: z.boolean(),
  })
  .partial();

export type Settings = z.output<typeof settingsSchema>;
export type SettingKey = keyof Settings;

type SettingKind = 'text' | 'number' | 'list' | 'switch';

/** What help and errors say of a setting, and how its text form is read. */
export interface SettingInfo {
  readonly kind: SettingKind;
  readonly group: 'Watching' | 'Network' | 'LiveReload' | 'Process';
  readonly describe: string;
  /** Completes "expected …". */
  readonly expected: string;
  /** All that it may be, where it is one of some words. */
  readonly words?: readonly string[];
  /** Shown by help; what happens when nobody sets it. */
  readonly fallback?: string;
  /** A switch that is on by default: its flag is `--no-…` and says the opposite. */
  readonly negated?: true;
  /** What the key in the config file means, where the flag's words say the opposite. */
  readonly describeKey?: string;
  /**
   * Whether a config file counts that nobody named: the first root's, which came with a repository and was
   * perhaps never looked at. What opens the agent to others, writes elsewhere or gives it another name does not.
   */
  readonly unnamedFile?: true;
  /** The largest number that counts there: what was never looked at may not take the machine's memory. */
  readonly unnamedMost?: number;
}

export const settingInfo: Readonly<Record<SettingKey, SettingInfo>> = {
  backend: {
    kind: 'text',
    group: 'Watching',
    describe: `how to watch: ${anyOf(backends)}`,
    expected: anyOf(backends),
    words: backends,
    fallback: 'auto',
    unnamedFile: true,
  },
  settle: {
    kind: 'number',
    group: 'Watching',
    describe: 'milliseconds without a change that complete a batch of changes',
    expected: `a whole number of milliseconds from 0 to ${longestSettleMs}`,
    fallback: String(defaultSettleMs),
    unnamedFile: true,
  },
  ignore: {
    kind: 'list',
    group: 'Watching',
    describe: 'glob of paths to leave out, relative to the root; repeatable',
    expected: 'a glob',
    unnamedFile: true,
  },
  gitignore: {
    kind: 'switch',
    group: 'Watching',
    describe: "watch what git's rules and node_modules leave out, too",
    expected: 'true or false',
    negated: true,
    describeKey: "leave out what git's rules name, and node_modules",
    unnamedFile: true,
  },
  host: {
    kind: 'text',
    group: 'Network',
    describe: 'address to listen on',
    expected: 'an address or host name, without scheme, port or brackets',
    fallback: defaultHost,
  },
  port: {
    kind: 'number',
    group: 'Network',
    describe: 'TCP port to listen on, 0 for any free one',
    expected: 'a whole number from 0 to 65535',
    fallback: `${defaultPort}, or a free one when that is taken`,
  },
  allowHost: {
    kind: 'list',
    group: 'Network',
    describe: 'host name by which requests may call this agent, beside loopback; repeatable',
    expected: 'a host name or address, without scheme, port or brackets',
  },
  allowOrigin: {
    kind: 'list',
    group: 'Network',
    describe: 'origin whose pages may connect, beside loopback origins; repeatable',
    expected: 'an origin such as https://app.example:8443, without a path',
  },
  allowRemote: {
    kind: 'switch',
    group: 'Network',
    describe: 'allow a --host that other machines can reach',
    expected: 'true or false',
  },
  livereload: {
    kind: 'switch',
    group: 'LiveReload',
    describe: 'tell pages of this machine when files change, without a token, as LiveReload servers do',
    expected: 'true or false',
  },
  livereloadPort: {
    kind: 'number',
    group: 'LiveReload',
    describe: 'listen for LiveReload on this loopback port, too; browser extensions expect 35729',
    expected: 'a whole number from 0 to 65535',
  },
  livereloadMatch: {
    kind: 'list',
    group: 'LiveReload',
    describe: 'glob of paths that pages are told of, relative to the root; repeatable',
    expected: 'a glob',
    fallback: 'everything but hidden files and what editors leave behind',
  },
  name: {
    kind: 'text',
    group: 'Process',
    describe: 'name of this agent; agents of different names run side by side',
    expected: '1 to 32 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit',
    fallback: defaultName,
  },
  journalBytes: {
    kind: 'number',
    group: 'Process',
    describe: 'bytes of events kept for clients that are behind or come back',
    expected: `a whole number of bytes from ${smallestJournalBytes} to ${largestJournalBytes}`,
    fallback: String(defaultJournalBytes),
    unnamedFile: true,
    unnamedMost: defaultJournalBytes,
  },
  store: {
    kind: 'switch',
    group: 'Process',
    describe: 'keep events in memory only: cursors end with the agent, and no message is written to disk',
    expected: 'true or false',
    negated: true,
    describeKey: 'keep events on disk, so that cursors stay valid when the agent is restarted or killed',
  },
  logLevel: {
    kind: 'text',
    group: 'Process',
    describe: `how much to log: ${anyOf(logLevels)}`,
    expected: anyOf(logLevels),
    words: logLevels,
    fallback: 'info',
    unnamedFile: true,
  },
  logFile: {
    kind: 'text',
    group: 'Process',
    describe: 'file for the log, as JSON lines, beside standard error',
    expected: 'a file',
  },
  idleExit: {
    kind: 'number',
    group: 'Process',
    describe: 'end after so many milliseconds without clients, requests and directories added while running',
    expected: `a whole number of milliseconds from 1 to ${longestTimerMs}`,
    unnamedFile: true,
  },
};

/** A value that somebody gave a setting, not yet checked. */
export interface Reading {
  readonly key: SettingKey;
  readonly source: Exclude<SettingSource, 'default'>;
  /** Where it stands: `--port`, `AGENT_PORT`, `/app/agent.config.json`. */
  readonly place: string;
  readonly value: unknown;
}

/** How errors call the place of a reading: `--port`, `AGENT_PORT`, `"port" in /app/agent.config.json`. */
export function labelOf({ key, source, place }: Reading): string {
  return source === 'file' ? `"${key}" in ${place}` : place;
}

/** The settings by name, in the order of help. */
export const settingKeys = Object.keys(settingInfo) as SettingKey[]; // its type says that it has these keys only

/**
 * Turns the text of a flag or variable into the value that it means. Text that means none stays text, for
 * the schema to refuse.
 */
export function valueOfText(kind: SettingKind, text: string): unknown {
  if (kind === 'number') return /^[0-9]+$/.test(text) ? Number(text) : text;
  if (kind === 'list') return splitList(text);
  if (kind !== 'switch') return text;
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : text;
}

/** What was said by a negated flag or variable. */
export function opposite(value: unknown): unknown {
  return typeof value === 'boolean' ? !value : value;
}

/** Splits at commas, but not at those within the braces of a glob. */
function splitList(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    if (character === ',' && depth <= 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Longer, a value says no more about the mistake. */
const mostShown = 200;

/** A value as errors show it. */
export function shown(value: unknown): string {
  if (value === '') return 'nothing';
  const text = jsonOf(value);
  return text.length > mostShown ? `${text.slice(0, mostShown)}…` : text;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Nested so deep that the stack does not suffice, which JSON.parse does not mind.
    return 'a value of very many levels';
  }
}
