// What may come in, as schemas; whatever passes is a typed value. One place, so that HTTP and WebSocket
// agree on what a topic, a filter or a message is.
import * as z from 'zod';
import { globLimits, objectionToGlobs } from '../../shared/globs/index.ts';
import {
  type Cursor,
  isReservedTopic,
  isTopic,
  limits,
  parseCursor,
  topicPattern,
} from '../../shared/index.ts';
import { ProblemError } from './problem.ts';

const topics = z
  .string()
  .regex(topicPattern, 'expected 1 to 8 dot-separated tokens of [A-Za-z0-9_-], "*" or a final ">"');

/** Globs of one kind; an error says which is wrong, and why. */
const globs = z
  .array(z.string().min(1).max(globLimits.characters))
  .max(limits.filterEntries)
  .superRefine((list, context) => {
    const message = objectionToGlobs(list);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

const filterFields = {
  topic: z.array(topics).max(limits.filterEntries).optional(),
  root: z.string().min(1).optional(),
  match: globs.optional(),
  ignore: globs.optional(),
};

/** A switch in a query. */
const flag = z.enum(['0', '1']).transform((value) => value === '1');
/** The same in JSON, where it may also be what it is in a query. */
const jsonFlag = z.union([z.boolean(), z.literal(0), z.literal(1)]).transform(Boolean);

const clientName = z
  .string()
  .max(64)
  .regex(/^[^\p{Cc}]*$/u, 'expected no control characters');

const milliseconds = z
  .string()
  .regex(/^\d{1,9}$/, 'expected milliseconds, a whole number')
  .transform(Number);

const cursor = z
  .string()
  .transform((text) => parseCursor(text))
  .refine((value) => value !== undefined, 'expected a cursor as the agent gives it, EPOCH:SEQ');

const cursorName = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, 'expected a name, 1 to 128 of A-Z a-z 0-9 . _ : -');

/** A cursor, or `n:NAME`, which is one that the agent remembers. */
const since = z.string().transform((text, context): Cursor | { readonly name: string } => {
  if (!text.startsWith('n:')) {
    const cursor = parseCursor(text);
    if (cursor !== undefined) return cursor;
  } else {
    const { data: name } = cursorName.safeParse(text.slice(2));
    if (name !== undefined) return { name };
  }
  const message =
    'expected a cursor as the agent gives it, EPOCH:SEQ, or n:NAME, 1 to 128 of A-Z a-z 0-9 . _ : -';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const yesOrNo = z.enum(['0', '1']);

const key = z.string().min(1).max(256);
const requestId = z.union([z.number(), z.string().max(256)]);

/** Parameters of `GET /v1/events`. */
export const eventsQuery = z.strictObject({
  ...filterFields,
  ignored: flag.optional(),
  since: cursor.optional(),
  snapshot: yesOrNo.optional(),
  follow: yesOrNo.optional(),
  format: z.enum(['json', 'text']).optional(),
  name: clientName.optional(),
});

/** Parameters of `POST /v1/messages`. */
export const messagesQuery = z.strictObject({
  topic: z.string().optional(),
  key: key.optional(),
  wait: milliseconds.optional(),
});

/** The JSON body of `POST /v1/messages`. */
export const messageBody = z.strictObject({
  topic: z.string().optional(),
  data: z.unknown().refine((value) => value !== undefined, 'is missing'),
  key: key.optional(),
});

/** Parameters of `POST /v1/sync`. */
export const syncQuery = z.strictObject({ timeout: milliseconds.optional() });

/** The JSON body of `POST /v1/roots`. */
export const rootBody = z.strictObject({
  path: z.string().min(1),
  ignore: globs.optional(),
  gitignore: z.boolean().optional(),
});

/** Parameters of `DELETE /v1/roots`. */
export const rootQuery = z.strictObject({ path: z.string().min(1) });

/** Parameters of `GET /v1/files`. */
export const filesQuery = z.strictObject({
  root: z.string().min(1).optional(),
  match: globs.optional(),
  ignored: flag.optional(),
});

/** Parameters of `GET /v1/changes`. */
export const changesQuery = z.strictObject({
  ...filterFields,
  since: since.optional(),
  peek: yesOrNo.optional(),
  sync: yesOrNo.optional(),
  timeout: milliseconds.optional(),
  limit: z
    .string()
    .regex(/^\d{1,9}$/, 'expected a whole number')
    .transform(Number)
    .refine((count) => count >= 1 && count <= limits.netChanges, `expected 1 to ${limits.netChanges}`)
    .optional(),
});

/** What `GET /v1/changes` is asked for. */
export type ChangesQuery = z.output<typeof changesQuery>;

/** The name in the path of `/v1/cursors/NAME`. */
export const cursorNameParameter = z.strictObject({ name: cursorName });

/** The JSON body of `PUT /v1/cursors/NAME`. */
export const cursorBody = z.strictObject({ cursor: cursor.optional() });

/** Parameters of `GET /`; the guard has looked at what the link is good for. */
export const dashboardQuery = z.strictObject({ link: z.string().optional() });

/** No parameters at all. */
export const noQuery = z.strictObject({});

/** What a WebSocket client may send. */
export const clientFrame = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('publish'),
    id: requestId,
    topic: z.string().optional(),
    data: z.unknown().refine((value) => value !== undefined, 'is missing'),
    key: key.optional(),
  }),
  z.strictObject({ type: z.literal('sync'), id: requestId }),
  z.strictObject({
    type: z.literal('subscribe'),
    id: requestId,
    ...filterFields,
    ignored: jsonFlag.optional(),
  }),
]);

/** The first thing that is wrong, in words. */
function firstIssue(error: z.ZodError, what: string): string {
  const issue = error.issues[0];
  if (issue === undefined) return `the ${what} is not as expected`;
  if (issue.code === 'unrecognized_keys') return `unknown ${what} "${issue.keys.join('", "')}"`;
  // Of a repeated parameter, which of its values it was is no help.
  const name = issue.path.filter((part) => typeof part === 'string').join('.');
  return name === '' ? `${what}: ${issue.message}` : `${what} "${name}": ${issue.message}`;
}

/**
 * Parameters as a typed value. Those of the schema that are arrays may be repeated, no other.
 * @throws ProblemError 400 `unknown_parameter` or `bad_parameter`, naming it
 */
export function parseQuery<S extends z.ZodObject>(schema: S, query: URLSearchParams): z.output<S> {
  const given: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    // The guard has looked at it.
    if (name === 'token') continue;
    if (!Object.hasOwn(schema.shape, name)) {
      throw new ProblemError(400, 'unknown_parameter', `unknown parameter "${name.slice(0, 100)}"`);
    }
    const values = query.getAll(name);
    const field = schema.shape[name] as z.ZodType;
    const repeatable = field instanceof z.ZodOptional && field.unwrap() instanceof z.ZodArray;
    if (!repeatable && values.length > 1) {
      throw new ProblemError(400, 'bad_parameter', `parameter "${name}": it may be given once only`);
    }
    given[name] = repeatable ? values : values[0];
  }
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ProblemError(400, 'bad_parameter', firstIssue(result.error, 'parameter'));
}

/**
 * A JSON value as a typed one.
 * @throws ProblemError 400 `code`, naming the field
 */
export function parseValue<S extends z.ZodType>(schema: S, value: unknown, code: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ProblemError(400, code, firstIssue(result.error, 'field'));
}

/**
 * Checks a topic that somebody wants to publish to.
 * @throws ProblemError 400 `bad_topic` or `reserved_topic`
 */
export function checkTopic(topic: string): void {
  if (!isTopic(topic)) {
    throw new ProblemError(
      400,
      'bad_topic',
      `"${topic.slice(0, 100)}" is no topic: expected 1 to 8 dot-separated tokens of [A-Za-z0-9_-]`,
    );
  }
  if (isReservedTopic(topic)) {
    throw new ProblemError(400, 'reserved_topic', `the topic "${topic}" is the agent's own: choose another`);
  }
}
