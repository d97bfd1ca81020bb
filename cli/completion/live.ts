// What can be offered of a running agent. No agent, or one that does not answer: nothing to offer, and no word
// about it, for a shell shows what completion says amid the line that is being typed.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { ClientInfo } from '../../shared/index.ts';
import { instanceNamePattern, instancePaths, processExists } from '../../shared/index.ts';
import { Connection, requirePrivateRuntime, runFileHints } from '../agent/index.ts';

/** A word that a shell may offer. */
export interface Candidate {
  readonly value: string;
  /** Empty for none. */
  readonly about: string;
}

/** With the start of the process it stays below what is felt as a pause at the keyboard. */
const answerWithinMs = 250;

/** Which agent is asked, and where its like are found. */
export interface Agents {
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

async function ask<Answer>({ name, env }: Agents, path: string): Promise<Answer> {
  const connection = new Connection(instancePaths(name, env));
  return connection.request<Answer>({ method: 'GET', path, timeoutMs: answerWithinMs });
}

function aboutClient({ name, transport }: ClientInfo): string {
  return `${name} (${transport})`;
}

/** Connected clients by their ids. */
export async function clients(agents: Agents): Promise<Candidate[]> {
  const all = await ask<ClientInfo[]>(agents, '/v1/clients');
  return all.map((client) => ({ value: client.id, about: aboutClient(client) }));
}

/** Watched roots. */
export async function roots(agents: Agents): Promise<Candidate[]> {
  const { roots: all } = await ask<{ roots: { path: string; files: number }[] }>(agents, '/v1/status');
  return all.map(({ path, files }) => ({ value: path, about: `${files} files` }));
}

/** Topics and patterns of them that connected clients want. */
export async function wantedTopics(agents: Agents): Promise<Candidate[]> {
  const all = await ask<ClientInfo[]>(agents, '/v1/clients');
  return all.flatMap(({ id, name, filter }) =>
    (filter.topic ?? []).map((topic) => ({ value: topic, about: `wanted by ${id} ${name}` })),
  );
}

/** Agents that run, by their names. */
export function instances({ name, env }: Agents): Candidate[] {
  const paths = instancePaths(name, env);
  requirePrivateRuntime(paths);
  const { runtime } = paths;
  return readdirSync(runtime)
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .filter((name) => instanceNamePattern.test(name))
    .flatMap((instance) => {
      const { pid, url } = runFileHints(instancePaths(instance, env));
      if (pid === undefined || !processExists(pid)) return [];
      return [{ value: instance, about: `pid ${pid}${url === undefined ? '' : `, ${url}`}` }];
    });
}
