// What the agent sends, as schemas: frames of a stream and answers of the HTTP API. What it takes is in
// agent/serve/schemas.ts, where it is checked; nothing checks what the agent sends at run time, so these
// stand here, held to the types of shared/protocol.ts by the compiler.
import * as z from 'zod';
import { requestSchemas } from '../../agent/serve/index.ts';
import type {
  BroadcastAnswer,
  ClientFrame,
  ClientInfo,
  FileRecord,
  Problem,
  RootStatus,
  ServerFrame,
  Status,
  SyncAnswer,
} from '../../shared/index.ts';
import { limits } from '../../shared/index.ts';
import type { Expect, Same } from './same-type.ts';

/** Schemas that stand under a name in the documents, and are referred to by it. */
export const named = z.registry<{ id?: string; description: string }>();

/** Gives a schema its name. */
export function name<S extends z.ZodType>(id: string, description: string, schema: S): S {
  named.add(schema, { id, description });
  return schema;
}

/** The same schema, with a word about what it is in this place. */
export function told<S extends z.ZodType>(description: string, schema: S): S {
  const copy = schema.clone();
  named.add(copy, { description });
  return copy;
}

export const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative();
const requestId = z.union([z.number(), z.string()]);

export const cursor = name('Cursor', 'A place in the journal, EPOCH:SEQ; take it as opaque', z.string());
const entryKind = z.enum(['file', 'dir', 'symlink']);
const path = told("relative to the root, with '/'", z.string());
const pathBytes = told('the exact path, where the name is not UTF-8', z.base64()).optional();

export const change = name(
  'Change',
  "One path's part of a settled batch",
  z.object({
    event: z.enum(['add', 'change', 'unlink', 'addDir', 'unlinkDir']),
    path,
    pathBytes,
    kind: entryKind,
    size: told('bytes; absent on unlinks', count).optional(),
    mtime: told('milliseconds since 1970, fractional; absent on unlinks', z.number()).optional(),
    from: told('on an add: the path that it had before, where that can be proved', z.string()).optional(),
  }),
);

const fileRecord = name(
  'FileRecord',
  'One entry of the index',
  z.object({ path, pathBytes, kind: entryKind, size: count, mtime: z.number() }),
);

const helloFrame = name(
  'Hello',
  'The first frame of a stream',
  z.object({
    type: z.literal('hello'),
    protocol: count,
    version: z.string(),
    client: z.string(),
    cursor: told('the events after it follow', cursor),
    head: told('the newest event', cursor),
    oldest: told('the oldest event held; one beyond head while there is none', cursor),
    resumed: z.boolean(),
    roots: z.array(z.string()),
  }),
);

const fileFrame = name(
  'File',
  'A settled batch of changes to one root, or a piece of one',
  z.object({
    type: z.literal('file'),
    cursor,
    time: milliseconds,
    topic: z.literal('file'),
    root: z.string(),
    changes: z.array(change).max(limits.changesPerEvent),
    more: told('on all pieces of a split batch but the last', z.literal(true)).optional(),
  }),
);

export const messageFrame = name(
  'Message',
  'What somebody published',
  z.object({
    type: z.literal('message'),
    cursor,
    time: milliseconds,
    topic: z.string(),
    from: z.string(),
    data: z.unknown(),
  }),
);

const gapFrame = name(
  'Gap',
  'Events are missing',
  z.object({
    type: z.literal('gap'),
    cursor: told('the position after the gap', cursor),
    reason: z.enum(['expired', 'epoch', 'slow', 'recrawl']),
    missed: count.optional(),
    root: told('of a `recrawl`: the only root that it is about', z.string()).optional(),
    restart: told('of a `recrawl`: whether nobody watched for a while', z.boolean()).optional(),
  }),
);

const rootFrame = name(
  'RootChange',
  'A root was added, or is no longer watched',
  z.object({
    type: z.literal('root'),
    root: z.string(),
    watched: told('whether it is watched from here on, or was until here', z.boolean()),
  }),
);

const snapshotFrame = name(
  'Snapshot',
  'A piece of the files that exist',
  z.object({
    type: z.literal('snapshot'),
    root: z.string(),
    files: z.array(fileRecord),
    done: told("true on a root's last piece", z.boolean()),
  }),
);

const broadcastFields = { cursor, matched: count, delivered: count, lagging: count };

const ackFrame = name(
  'Ack',
  'The answer to publish, with the counts, and to subscribe, without',
  z.object({ type: z.literal('ack'), id: requestId, ...z.object(broadcastFields).partial().shape }),
);

const syncedFrame = name(
  'Synced',
  'The answer to sync, after the events up to its cursor',
  z.object({ type: z.literal('synced'), id: requestId, cursor }),
);

const errorFrame = name(
  'Error',
  'The answer to a message that can not be served; without id if there was none to read',
  z.object({ type: z.literal('error'), id: requestId.optional(), code: z.string(), detail: z.string() }),
);

/** Frames that the agent sends. */
export const serverFrames = [
  helloFrame,
  fileFrame,
  messageFrame,
  gapFrame,
  rootFrame,
  snapshotFrame,
  ackFrame,
  syncedFrame,
  errorFrame,
] as const;

const serverFrame = name(
  'ServerFrame',
  'Everything that the agent sends on a stream; ack, synced and error over WebSocket alone',
  z.discriminatedUnion('type', serverFrames),
);

const [publishFrame, syncFrame, subscribeFrame] = requestSchemas.clientFrame.options;

/** Frames that a WebSocket client sends. */
export const clientFrames = [
  name('Publish', 'Sends a message', publishFrame),
  name('Sync', 'Asks for the barrier', syncFrame),
  name('Subscribe', "Replaces the connection's filter", subscribeFrame),
] as const;

const clientFrame = name(
  'ClientFrame',
  'Everything that a WebSocket client sends',
  requestSchemas.clientFrame,
);

/** What answers a client's frame. */
export const replies = {
  publish: [ackFrame, errorFrame],
  sync: [syncedFrame, errorFrame],
  subscribe: [ackFrame, errorFrame],
} as const;

const filter = z.object({
  topic: z.array(z.string()).optional(),
  root: z.string().optional(),
  match: z.array(z.string()).optional(),
  ignore: z.array(z.string()).optional(),
  ignored: z.boolean().optional(),
});

const rootStatus = name(
  'Root',
  'One watched root',
  z.object({
    path: z.string(),
    backend: z.string(),
    ready: z.boolean(),
    files: count,
    dirs: count,
    watches: count,
    recrawls: count,
    auditFindings: told('changes that only the audit found', count),
    interests: told(
      'what views that are wider than the default one cost; `paths` are at most 20 of what they ask for',
      z.object({ clients: count, watches: count, files: count, paths: z.array(z.string()) }),
    ),
    degraded: told('why the root is watched less well than it could be', z.string().nullable()),
  }),
);

/** The answers of the HTTP API. */
export const answers = {
  broadcast: name('BroadcastAnswer', 'What became of a published message', z.object(broadcastFields)),
  sync: name('SyncAnswer', 'The answer of the barrier', z.object({ cursor, ms: milliseconds })),
  root: rootStatus,
  roots: z.array(rootStatus),
  status: name(
    'Status',
    'The agent',
    z.object({
      version: z.string(),
      protocol: count,
      pid: count,
      uptimeMs: milliseconds,
      cursor,
      oldest: cursor,
      roots: z.array(rootStatus),
      clients: count,
      journal: z.object({ events: count, bytes: count, limitBytes: count }),
      store: z
        .object({ path: z.string(), bytes: count, restored: z.boolean(), degraded: z.string().nullable() })
        .nullable(),
      memory: z.object({ rssBytes: count, heapUsedBytes: count }),
      url: z.string(),
    }),
  ),
  clients: z.array(
    name(
      'Client',
      'One connected client',
      z.object({
        id: z.string(),
        name: z.string(),
        transport: z.enum(['ws', 'sse', 'ndjson']),
        address: z.string(),
        connectedAt: z.iso.datetime(),
        filter,
        cursor,
        lag: z.object({ events: count, bytes: count }),
        delivered: count,
        gaps: count,
      }),
    ),
  ),
  disconnected: z.object({ id: z.string() }),
  removed: z.object({ path: z.string() }),
  filesLine: name(
    'FilesLine',
    'A line of the index: the first says what follows, each other one is an entry',
    z.union([z.object({ cursor, root: z.string() }), fileRecord]),
  ),
  link: z.object({
    url: told("opens the dashboard, once: it has the link's code in it", z.string()),
    expiresInMs: milliseconds,
  }),
  stopping: z.object({ stopping: z.literal(true) }),
  health: z.object({ ready: z.boolean() }),
  problem: name(
    'Problem',
    'RFC 9457 problem details; program against `code`',
    z.object({
      type: z.string(),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      code: z.string(),
    }),
  ),
} as const;

/** Does not compile where a schema and its type say different things. */
export type SchemasAreTheTypes = [
  Expect<Same<z.output<typeof serverFrame>, ServerFrame>>,
  Expect<Same<z.output<typeof clientFrame>, ClientFrame>>,
  Expect<Same<z.output<typeof answers.broadcast>, BroadcastAnswer>>,
  Expect<Same<z.output<typeof answers.sync>, SyncAnswer>>,
  Expect<Same<z.output<typeof answers.root>, RootStatus>>,
  Expect<Same<z.output<typeof answers.status>, Status>>,
  Expect<Same<z.output<typeof answers.clients>, ClientInfo[]>>,
  Expect<Same<z.output<typeof fileRecord>, FileRecord>>,
  Expect<Same<z.output<typeof answers.problem>, Problem>>,
];
