// What `--json` prints, command by command, strictly: a member that is not named here is one that somebody
// added without a word.
import * as z from 'zod';

const cursor = z.string().regex(/^[a-z0-9]{1,32}:\d+$/);
const count = z.int().min(0);
const absolutePath = z.string().startsWith('/');
const entryKind = z.enum(['file', 'dir', 'symlink']);

const rootStatus = z.strictObject({
  path: absolutePath,
  backend: z.enum(['directories', 'recursive', 'chokidar', 'polling']),
  ready: z.boolean(),
  files: count,
  dirs: count,
  watches: count,
  recrawls: count,
  auditFindings: count,
  interests: z.strictObject({ clients: count, watches: count, files: count, paths: z.array(z.string()) }),
  degraded: z.string().nullable(),
});

const client = z.strictObject({
  id: z.string(),
  name: z.string(),
  transport: z.enum(['ws', 'sse', 'ndjson']),
  address: z.string(),
  connectedAt: z.iso.datetime(),
  filter: z.strictObject({
    topic: z.array(z.string()).optional(),
    root: absolutePath.optional(),
    match: z.array(z.string()).optional(),
    ignore: z.array(z.string()).optional(),
  }),
  cursor,
  lag: z.strictObject({ events: count, bytes: count }),
  delivered: count,
  gaps: count,
});

const fileRecord = z.strictObject({
  path: z.string(),
  pathBytes: z.base64().optional(),
  kind: entryKind,
  size: count,
  mtime: z.number(),
});

const change = z.strictObject({
  event: z.enum(['add', 'change', 'unlink', 'addDir', 'unlinkDir']),
  path: z.string(),
  pathBytes: z.base64().optional(),
  kind: entryKind,
  size: count.optional(),
  mtime: z.number().optional(),
  from: z.string().optional(),
});

const fileEvent = z.strictObject({
  type: z.literal('file'),
  cursor,
  time: z.number(),
  topic: z.literal('file'),
  root: absolutePath,
  changes: z.array(change),
  more: z.literal(true).optional(),
});

const messageEvent = z.strictObject({
  type: z.literal('message'),
  cursor,
  time: z.number(),
  topic: z.string(),
  from: z.string(),
  data: z.json(),
});

const gap = z.strictObject({
  type: z.literal('gap'),
  cursor,
  reason: z.enum(['expired', 'epoch', 'slow', 'recrawl']),
  missed: count.optional(),
  root: absolutePath.optional(),
  restart: z.literal(true).optional(),
});

const snapshot = z.strictObject({
  type: z.literal('snapshot'),
  root: absolutePath,
  files: z.array(fileRecord),
  done: z.boolean(),
});

/** What each line of a command's standard output is with `--json`. */
export const cliSchemas = {
  broadcast: z.strictObject({ cursor, matched: count, delivered: count, lagging: count }),
  tail: z.discriminatedUnion('type', [fileEvent, messageEvent, gap, snapshot]),
  wait: z.discriminatedUnion('type', [fileEvent, messageEvent]),
  sync: z.strictObject({ cursor, ms: z.number().min(0) }),
  files: z.union([z.strictObject({ cursor, root: absolutePath }), fileRecord]),
  changes: z.strictObject({
    since: cursor.nullable(),
    cursor,
    complete: z.boolean(),
    reason: z.enum(['epoch', 'expired', 'new', 'limit']).nullable(),
    changes: z.array(change.omit({ from: true }).extend({ root: absolutePath })),
    total: count,
    messages: z.array(messageEvent),
    messagesComplete: z.boolean(),
  }),
  watch: rootStatus,
  unwatch: z.strictObject({ path: absolutePath }),
  roots: z.array(rootStatus),
  status: z.strictObject({
    version: z.string().regex(/^\d+\.\d+\.\d+/),
    protocol: z.int(),
    pid: z.int().min(1),
    uptimeMs: z.number().min(0),
    cursor,
    oldest: cursor,
    roots: z.array(rootStatus),
    clients: count,
    journal: z.strictObject({ events: count, bytes: count, limitBytes: count }),
    store: z
      .strictObject({
        path: z.string(),
        bytes: count,
        restored: z.boolean(),
        degraded: z.string().nullable(),
      })
      .nullable(),
    memory: z.strictObject({ rssBytes: count, heapUsedBytes: count }),
    url: z.url(),
  }),
  clients: z.array(client),
  disconnect: z.strictObject({ id: z.string() }),
  stop: z.strictObject({ name: z.string(), pid: z.int().min(1), stopped: z.literal(true) }),
  url: z.strictObject({
    url: z.url(),
    origin: z.url(),
    token: z.string().regex(/^[\w-]{43}$/),
    socket: z.string(),
  }),
} as const;

/**
 * What a command printed with `--json`, line by line.
 * @throws ZodError for a line that is not as the command promises
 */
export function parseCliJson<Command extends keyof typeof cliSchemas>(
  command: Command,
  stdout: string,
): z.output<(typeof cliSchemas)[Command]>[] {
  if (!stdout.endsWith('\n'))
    throw new Error(`the last line of ${command} has no end: ${stdout.slice(-200)}`);
  return stdout
    .slice(0, -1)
    .split('\n')
    .map((line) => cliSchemas[command].parse(JSON.parse(line)) as z.output<(typeof cliSchemas)[Command]>);
}
