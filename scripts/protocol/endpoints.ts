// The endpoints in words and schemas, as far as their routes do not say it.
import * as z from 'zod';
import { requestSchemas } from '../../agent/serve/index.ts';
import { changesAnswers } from './changes-schemas.ts';
import { answers } from './schemas.ts';

/** One endpoint, as its route does not tell it. */
export interface Endpoint {
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: Readonly<Record<string, z.ZodType>>;
  /** What comes with 200, by media type. */
  readonly answer: Readonly<Record<string, z.ZodType>>;
  /** Other answers, by status. */
  readonly others?: Readonly<Record<number, string>>;
}

const json = (schema: z.ZodType): Readonly<Record<string, z.ZodType>> => ({ 'application/json': schema });

/** By method and path. */
export const endpoints: Readonly<Record<string, Endpoint>> = {
  'GET /v1/events': {
    summary: 'The stream: server-sent events, NDJSON, or as an upgrade a WebSocket; see asyncapi.json',
    query: requestSchemas.eventsQuery,
    answer: {
      'application/x-ndjson': z.string(),
      'text/event-stream': z.string(),
      'text/plain': z.string(),
    },
    others: { 101: 'the WebSocket is open' },
  },
  'POST /v1/messages': {
    summary: 'Broadcasts a message',
    query: requestSchemas.messagesQuery,
    body: { 'application/json': requestSchemas.messageBody, 'text/plain': z.string() },
    answer: json(answers.broadcast),
    others: { 504: 'sent, but somebody was still behind when the wait was over' },
  },
  'POST /v1/sync': {
    summary: 'Answers once every change made before the call is in the journal',
    query: requestSchemas.syncQuery,
    answer: json(answers.sync),
    others: { 504: 'not within the time-out' },
  },
  'GET /v1/status': { summary: 'The agent', answer: json(answers.status) },
  'GET /v1/clients': { summary: 'The connected clients', answer: json(answers.clients) },
  'DELETE /v1/clients/{id}': { summary: 'Disconnects a client', answer: json(answers.disconnected) },
  'GET /v1/roots': { summary: 'The watched roots', answer: json(answers.roots) },
  'POST /v1/roots': {
    summary: 'Watches one more root; answers when it is crawled',
    body: json(requestSchemas.rootBody),
    answer: json(answers.root),
    others: { 409: 'it is watched already, with other fields than those given' },
  },
  'DELETE /v1/roots': {
    summary: 'Watches a root no longer',
    query: requestSchemas.rootQuery,
    answer: json(answers.removed),
  },
  'GET /v1/files': {
    summary: 'The index as it is now, a JSON object a line',
    query: requestSchemas.filesQuery,
    answer: { 'application/x-ndjson': answers.filesLine },
  },
  'GET /v1/changes': {
    summary: 'The net difference since a cursor, or since `n:NAME`, which then moves',
    query: requestSchemas.changesQuery,
    answer: json(changesAnswers.changes),
    others: { 504: 'the watcher did not catch up within the time-out' },
  },
  'GET /v1/cursors': {
    summary: 'The named cursors, the least recently used first',
    answer: json(changesAnswers.cursors),
  },
  'PUT /v1/cursors/{name}': {
    summary: 'Sets a named cursor, to now unless the body names another',
    body: json(requestSchemas.cursorBody),
    answer: json(changesAnswers.cursor),
  },
  'DELETE /v1/cursors/{name}': { summary: 'Forgets a named cursor', answer: json(changesAnswers.forgotten) },
  'POST /v1/links': {
    summary: 'Makes a link that opens the dashboard once; a session is not enough for that',
    answer: json(answers.link),
    others: { 503: 'the agent is starting, and has no address yet' },
  },
  'POST /v1/shutdown': { summary: 'Stops the agent', answer: json(answers.stopping) },
  'GET /metrics': { summary: "The agent's metrics, for Prometheus", answer: { 'text/plain': z.string() } },
  'GET /healthz': {
    summary: 'Whether every root is crawled',
    answer: json(answers.health),
    others: { 503: 'not yet' },
  },
};
