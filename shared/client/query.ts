import { type EventsOptions, listOf } from './events.ts';

/** What a stream is to carry, where it is to start, and for whom. */
export interface StreamQuery extends EventsOptions {
  /** How the client is called in `agent-cli clients`. */
  readonly name: string;
}

/** The path and query string of `GET /v1/events` for it. */
export function streamPath({ snapshot, ignored, ...query }: StreamQuery): string {
  return pathWith('/v1/events', { ...query, ignored: ignored ? 1 : [], snapshot: snapshot ? 1 : [] });
}

/** A path with those parameters that are given, each as often as it has values. */
export function pathWith(
  path: string,
  parameters: Readonly<Record<string, string | number | readonly string[] | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters)) {
    // A number becomes text all the same.
    for (const value of listOf(values as string)) query.append(name, value);
  }
  return `${path}?${query}`;
}
