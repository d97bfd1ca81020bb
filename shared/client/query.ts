import { type EventsOptions, listOf } from './events.ts';

/** What a stream is to carry, where it is to start, and for whom. */
export interface StreamQuery extends EventsOptions {
  /** How the client is called in `agent-cli clients`. */
  readonly name: string;
}

/** The path and query string of `GET /v1/events` for it. */
export function streamPath(query: StreamQuery): string {
  return pathWith('/v1/events', query);
}

/** A path with those parameters that are given, each as often as it has values; what is true is 1. */
export function pathWith(path: string, parameters: object): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters)) {
    // A number becomes text all the same.
    for (const value of listOf(values === true ? 1 : values === false ? [] : values))
      query.append(name, value);
  }
  return `${path}?${query}`;
}

/** A time as the agent takes it, a whole number of up to nine digits: ten days. */
export function millisecondsOf(ms: number): number {
  return Math.min(ms, 9e8) | 0;
}
