/** What a stream is to carry, and where it is to start. */
export interface StreamQuery {
  readonly topic: readonly string[];
  readonly root: string | undefined;
  readonly match: readonly string[];
  readonly ignore: readonly string[];
  /** A cursor. */
  readonly since: string | undefined;
  readonly snapshot: boolean;
  /** How the client is called in `agent-cli clients`. */
  readonly name: string;
}

/** The path and query string of `GET /v1/events` for it. */
export function streamPath(query: StreamQuery): string {
  const parameters = new URLSearchParams();
  for (const name of ['topic', 'match', 'ignore'] as const) {
    for (const value of query[name]) parameters.append(name, value);
  }
  if (query.root !== undefined) parameters.append('root', query.root);
  if (query.since !== undefined) parameters.append('since', query.since);
  if (query.snapshot) parameters.append('snapshot', '1');
  parameters.append('name', query.name);
  return `/v1/events?${parameters}`;
}
