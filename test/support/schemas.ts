// The schemas that docs/ publishes, as tests hold real frames and answers against them.
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

type Json = Record<string, unknown>;

/** A document in docs/. */
export function readDocument(name: string): Json {
  return JSON.parse(readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')) as Json;
}

/**
 * The same schema, but that no object may have members that it does not name. Readers are to pass over what
 * a later agent adds; here a member that the schema does not know is one that somebody forgot.
 */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  return 'properties' in copy ? { ...copy, additionalProperties: false } : copy;
}

function compile(schema: unknown): ValidateFunction {
  const ajv = new Ajv2020({
    allErrors: true,
    allowUnionTypes: true,
    validateFormats: false,
    // Where OpenAPI keeps what its schemas refer to.
    keywords: ['components'],
  });
  return ajv.compile(schema as Json);
}

function problems(validate: ValidateFunction, value: unknown): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const definitions = closed(readDocument('frames.schema.json')['$defs']);
const validators = new Map<string, ValidateFunction>();

/** What is wrong with a frame; empty when nothing is. */
export function frameProblems(side: 'ServerFrame' | 'ClientFrame', frame: unknown): string[] {
  const validate = validators.get(side) ?? compile({ $defs: definitions, $ref: `#/$defs/${side}` });
  validators.set(side, validate);
  return problems(validate, frame);
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: Json }>> }>
  >;
}

const openApi = readDocument('openapi.json') as {
  paths: Record<string, Record<string, Operation>>;
  components: Json;
};

/** The endpoints of openapi.json, `METHOD /path/{parameter}`. */
export const operations: readonly string[] = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);

/** The endpoint that a request goes to; undefined where there is none. */
export function operationOf(method: string, pathname: string): string | undefined {
  return operations.find((operation) => {
    const pattern = operation.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+');
    return new RegExp(`^${pattern}$`).test(`${method} ${pathname}`);
  });
}

/** What is wrong with the answer of an endpoint; a text or a stream of lines is looked at line by line. */
export function answerProblems(operation: string, status: number, type: string, body: string): string[] {
  const [method = '', path = ''] = operation.split(' ');
  const responses = openApi.paths[path]?.[method.toLowerCase()]?.responses ?? {};
  const { content = {} } = responses[status] ?? responses['default'] ?? {};
  const mediaType = type.split(';')[0] ?? '';
  const schema = content[mediaType]?.schema;
  if (schema === undefined) return [`${status} with ${mediaType} is not described`];
  if (!mediaType.endsWith('json'))
    return schema['type'] === 'string' ? [] : ['text that is described otherwise'];
  // A problem may have members of its own, says RFC 9457.
  const whole = { ...schema, components: openApi.components };
  const validate = compile(status === 200 ? closed(whole) : whole);
  const values = mediaType === 'application/x-ndjson' ? body.trimEnd().split('\n') : [body];
  return values.flatMap((value) => problems(validate, JSON.parse(value)));
}
