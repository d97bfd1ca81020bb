// What a stream is asked for, from its query.
import type { IncomingMessage } from 'node:http';
import { type Cursor, type FilterSpec, parseCursor } from '../../shared/index.ts';
import { Filter } from '../hub/index.ts';
import type { Watcher } from '../watch/index.ts';
import { ProblemError } from './problem.ts';
import { eventsQuery, parseQuery } from './schemas.ts';

/** A stream's wishes, checked. */
export interface StreamRequest {
  readonly filter: Filter;
  readonly since?: Cursor;
  readonly snapshot: boolean;
  readonly text: boolean;
  /** Whether it goes on with what is yet to come. */
  readonly follows: boolean;
  readonly name: string;
}

/** @throws ProblemError 400 that names the parameter */
export function parseStreamRequest(
  query: URLSearchParams,
  headers: IncomingMessage['headers'],
  watcher: Watcher,
): StreamRequest {
  const { since, snapshot, follow, format, name, ...spec } = parseQuery(eventsQuery, query);
  // A browser that reconnects asks at the old address again: what it saw last is newer.
  const resume = lastEventId(headers) ?? since;
  return {
    filter: compileFilter(spec as FilterSpec, watcher),
    ...(resume === undefined ? {} : { since: resume }),
    snapshot: snapshot === '1',
    text: format === 'text',
    follows: follow !== '0',
    name: name ?? '',
  };
}

/**
 * A filter of what a client asked for.
 * @throws ProblemError 400 `unknown_root`
 */
export function compileFilter(spec: FilterSpec, watcher: Watcher): Filter {
  if (spec.root === undefined) return new Filter(spec);
  const root = watcher.find(spec.root);
  if (root === undefined) {
    throw new ProblemError(
      400,
      'unknown_root',
      `parameter "root": ${spec.root} is not watched: it is one of ${watcher.roots.join(', ') || 'none'}`,
    );
  }
  return new Filter({ ...spec, root });
}

function lastEventId(headers: IncomingMessage['headers']): Cursor | undefined {
  const text = headers['last-event-id'];
  if (typeof text !== 'string' || text === '') return undefined;
  const cursor = parseCursor(text);
  if (cursor === undefined) {
    throw new ProblemError(400, 'bad_parameter', 'header "Last-Event-ID": expected a cursor, EPOCH:SEQ');
  }
  return cursor;
}
