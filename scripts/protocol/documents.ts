// The documents made of the schemas: JSON Schema of the frames, OpenAPI of the endpoints, AsyncAPI of the
// stream. Each endpoint of the agent has its description (endpoints.ts); one without, or one too many, is an error.
import * as z from 'zod';
import { requestSchemas, routes } from '../../agent/serve/index.ts';
import { defaultHost, defaultPort, limits, protocolVersion } from '../../shared/index.ts';
import { changesAnswers } from './changes-schemas.ts';
import { endpoints } from './endpoints.ts';
import { answers, clientFrames, named, replies, serverFrames } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** How an id is referred to in a document. */
type Place = (id: string) => string;

/** A schema as JSON Schema without the members that only a document's root needs. */
function plain(schema: z.core.JSONSchema.BaseSchema): Json {
  const { $schema: _, $id: __, ...rest } = schema;
  return rest;
}

function options(uri: Place): Parameters<typeof z.toJSONSchema>[1] & { uri: Place } {
  return {
    // As a reader sees it: a later agent of this protocol may say more than these members.
    io: 'input',
    metadata: named,
    uri,
    override: ({ jsonSchema }) => {
      // True of every integer that JavaScript can count with, and so of no use to anyone.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      // The pattern of a format says the same again, at a length that nobody reads.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      // Known to no dialect of JSON Schema; `contentEncoding` beside it is.
      if (jsonSchema.format === 'base64') delete jsonSchema.format;
    },
  };
}

/** The named schemas that these refer to, directly or not, and themselves. */
function definitions(uri: Place, ids: readonly string[]): Json {
  const { schemas } = z.toJSONSchema(named, options(uri));
  const used = new Set<string>();
  const visit = (id: string): void => {
    if (used.has(id)) return;
    used.add(id);
    const text = JSON.stringify(schemas[id]);
    for (const other of Object.keys(schemas)) if (text.includes(`"$ref":"${uri(other)}"`)) visit(other);
  };
  ids.forEach(visit);
  return Object.fromEntries(
    Object.entries(schemas)
      .filter(([id]) => used.has(id))
      .map(([id, schema]) => [id, plain(schema)]),
  );
}

/** A schema where it is used: by its name if it has one. */
function use(schema: z.ZodType, uri: Place): Json {
  const id = named.get(schema)?.id;
  if (id !== undefined) return { $ref: uri(id) };
  if (schema instanceof z.ZodArray) return { type: 'array', items: use(schema.element as z.ZodType, uri) };
  return plain(z.toJSONSchema(schema, options(uri)));
}

/** The name of a schema, or of what it is a list of; none if it has none. */
function namesIn(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodArray) return namesIn(schema.element as z.ZodType);
  const id = named.get(schema)?.id;
  return id === undefined ? [] : [id];
}

function idOf(schema: z.ZodType): string {
  const id = named.get(schema)?.id;
  if (id === undefined) throw new Error('a frame without a name');
  return id;
}

const info = {
  version: String(protocolVersion),
  license: { name: 'MIT', identifier: 'MIT' },
} as const;

/** `docs/frames.schema.json`: `#/$defs/ServerFrame` and `#/$defs/ClientFrame`, and all that they are made of. */
export function framesSchema(): Json {
  const uri: Place = (id) => `#/$defs/${id}`;
  const roots = ['ServerFrame', 'ClientFrame'];
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `devagent protocol ${protocolVersion}: frames`,
    anyOf: roots.map((id) => ({ $ref: uri(id) })),
    $defs: definitions(uri, roots),
  };
}

/** Of the cookie, whose name is that of the default port. */
const sessionNote = "the dashboard's session, named after the agent's port; for the agent's own page alone";

/** What may be shown for an endpoint, by what it needs at least; here only those that are no page. */
const securityOf: Readonly<Record<'nothing' | 'session' | 'token', readonly Json[]>> = {
  nothing: [],
  session: [{ bearer: [] }, { query: [] }, { session: [] }],
  token: [{ bearer: [] }, { query: [] }],
};

function parameters(query: z.ZodObject, uri: Place): Json[] {
  return Object.entries(query.shape).map(([name, field]) => ({
    name,
    in: 'query',
    required: !(field as z.ZodType).safeParse(undefined).success,
    // A list is the parameter repeated, which is what OpenAPI means when nothing else is said.
    schema: use(field as z.ZodType, uri),
  }));
}

function content(types: Readonly<Record<string, z.ZodType>>, uri: Place): Json {
  return Object.fromEntries(
    Object.entries(types).map(([type, schema]) => [type, { schema: use(schema, uri) }]),
  );
}

/** What may be an empty object may be left out. */
function requestBody(types: Readonly<Record<string, z.ZodType>>, uri: Place): Json {
  const required = Object.values(types).every((schema) => !schema.safeParse({}).success);
  return { required, content: content(types, uri) };
}

/** `docs/openapi.json`, OpenAPI 3.1. */
export function openApi(): Json {
  const uri: Place = (id) => `#/components/schemas/${id}`;
  const problem = { 'application/problem+json': { schema: use(answers.problem, uri) } };
  const paths: Record<string, Record<string, unknown>> = {};
  const missing = new Set(Object.keys(endpoints));
  for (const { method, path, needs = 'session', isPage } of routes) {
    // What people see in a browser is no part of the API.
    if (isPage === true || needs === 'link' || needs === 'page') continue;
    const template = path.replace(/:(\w+)/g, '{$1}');
    const endpoint = endpoints[`${method} ${template}`];
    if (endpoint === undefined) throw new Error(`${method} ${path} has no description`);
    missing.delete(`${method} ${template}`);
    const { summary, query, body, answer, others = {} } = endpoint;
    const inPath = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }));
    const all = [...inPath, ...(query === undefined ? [] : parameters(query, uri))];
    paths[template] ??= {};
    paths[template][method.toLowerCase()] = {
      summary,
      ...(needs === 'session' ? {} : { security: securityOf[needs] }),
      ...(all.length === 0 ? {} : { parameters: all }),
      ...(body === undefined ? {} : { requestBody: requestBody(body, uri) }),
      responses: {
        200: { description: 'done', content: content(answer, uri) },
        ...Object.fromEntries(
          Object.entries(others).map(([status, description]) => [
            status,
            // Of these 101 has no body, and the 503 of /healthz is no problem but the same as 200.
            status === '101'
              ? { description }
              : { description, content: path === '/healthz' ? content(answer, uri) : problem },
          ]),
        ),
        default: { description: 'refused', content: problem },
      },
    };
  }
  if (missing.size > 0) throw new Error(`described, but no endpoint: ${[...missing].join(', ')}`);
  return {
    openapi: '3.1.0',
    info: {
      title: 'devagent',
      summary: 'The HTTP API of protocol 1; docs/protocol.md says it in words',
      ...info,
    },
    servers: [{ url: `http://${defaultHost}:${defaultPort}`, description: 'the loopback plane' }],
    security: securityOf.session,
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        query: { type: 'apiKey', in: 'query', name: 'token' },
        session: { type: 'apiKey', in: 'cookie', name: `devagent_${defaultPort}`, description: sessionNote },
      },
      schemas: definitions(uri, Object.values({ ...answers, ...changesAnswers }).flatMap(namesIn)),
    },
  };
}

/** `docs/asyncapi.json`, AsyncAPI 3.0. */
export function asyncApi(): Json {
  const uri: Place = (id) => `#/components/schemas/${id}`;
  const message = (schema: z.ZodType): [string, Json] => {
    const id = idOf(schema);
    return [
      id,
      {
        name: id,
        summary: named.get(schema)?.description,
        contentType: 'application/json',
        payload: { $ref: uri(id) },
      },
    ];
  };
  const ids = (schemas: readonly z.ZodType[]): Json[] =>
    schemas.map((schema) => ({ $ref: `#/channels/events/messages/${idOf(schema)}` }));
  const messages = Object.fromEntries([...serverFrames, ...clientFrames].map(message));
  const host = `${defaultHost}:${defaultPort}`;
  const security = [
    { type: 'http', scheme: 'bearer' },
    { type: 'httpApiKey', in: 'query', name: 'token' },
    { type: 'httpApiKey', in: 'cookie', name: `devagent_${defaultPort}`, description: sessionNote },
  ];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'devagent',
      version: info.version,
      description: 'The stream of protocol 1; docs/protocol.md says it in words',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      websocket: { host, protocol: 'ws', description: 'both ways, a frame of JSON each', security },
      http: {
        host,
        protocol: 'http',
        description: 'server-sent events, or NDJSON: from the agent alone',
        security,
      },
    },
    channels: {
      events: {
        address: '/v1/events',
        messages: Object.fromEntries(
          Object.keys(messages).map((id) => [id, { $ref: `#/components/messages/${id}` }]),
        ),
        bindings: {
          ws: {
            method: 'GET',
            query: use(requestSchemas.eventsQuery, uri),
            bindingVersion: '0.1.0',
          },
        },
      },
    },
    operations: {
      send: {
        action: 'send',
        channel: { $ref: '#/channels/events' },
        summary: 'What the agent sends; Hello is first',
        messages: ids(serverFrames),
      },
      ...Object.fromEntries(
        clientFrames.map((frame) => [
          frame.shape.type.value,
          {
            action: 'receive',
            channel: { $ref: '#/channels/events' },
            summary: `${named.get(frame)?.description}; over WebSocket alone, at most ${limits.clientMessageBytes} bytes`,
            messages: ids([frame]),
            // The `id` of the one comes back in the other.
            reply: { channel: { $ref: '#/channels/events' }, messages: ids(replies[frame.shape.type.value]) },
          },
        ]),
      ),
    },
    components: { messages, schemas: definitions(uri, Object.keys(messages)) },
  };
}
