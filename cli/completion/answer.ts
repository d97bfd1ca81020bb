// What a shell is told about a place on a command line.

import type { Completes } from '../../shared/flags/index.ts';
import { defaultName, isReservedTopic, isTopic } from '../../shared/index.ts';
import { type Agents, type Candidate, clients, instances, roots, wantedTopics } from './live.ts';
import type { Place, Wanted } from './place.ts';

/** Words that are offered, or what the shell is to offer by itself. */
export interface Answer {
  readonly kind: 'values' | 'files' | 'directories' | 'command';
  readonly values: readonly Candidate[];
}

function values(candidates: readonly Candidate[]): Answer {
  return { kind: 'values', values: candidates };
}

const messages: Candidate = { value: 'message', about: 'what broadcast sends on by itself' };
const files: Candidate = { value: 'file', about: 'changes of files' };

function each(candidates: readonly Candidate[]): Candidate[] {
  return [...new Map(candidates.map((candidate) => [candidate.value, candidate])).values()];
}

async function topics(agents: Agents): Promise<Candidate[]> {
  // The two that are always there are offered even when the agent is silent.
  return wantedTopics(agents).catch(() => []);
}

async function answerValue(completes: Completes, agents: Agents): Promise<Answer> {
  if (typeof completes !== 'string') return values(completes.map((value) => ({ value, about: '' })));
  switch (completes) {
    case 'file':
      return { kind: 'files', values: [] };
    case 'directory':
      return { kind: 'directories', values: [] };
    case 'client':
      return values(await clients(agents));
    case 'root':
      return values(await roots(agents));
    case 'instance':
      return values(instances(agents));
    case 'topic': {
      const sendable = (await topics(agents)).filter(
        ({ value }) => isTopic(value) && !isReservedTopic(value),
      );
      return values(each([messages, ...sendable]));
    }
    case 'topicFilter':
      return values(each([files, messages, ...(await topics(agents))]));
  }
}

async function answerWanted(wanted: Wanted, agents: Agents): Promise<Answer> {
  switch (wanted.kind) {
    case 'nothing':
      return values([]);
    case 'program':
      return { kind: 'command', values: [] };
    case 'commands':
      return values(wanted.commands.map(({ name, summary }) => ({ value: name, about: summary })));
    case 'flags':
      return values(wanted.flags.map(({ name, summary }) => ({ value: `--${name}`, about: summary })));
    case 'value': {
      const answer = await answerValue(wanted.completes, agents);
      const whole = answer.values.map(({ value, about }) => ({ value: `${wanted.prefix}${value}`, about }));
      return { ...answer, values: whole };
    }
  }
}

/** What may stand in a place. The words begin with whatever stands before the value, as in `--root=`. */
export async function answerPlace(
  { wanted, agent }: Place,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Answer> {
  const name = agent ?? (env['AGENT_NAME'] || defaultName);
  try {
    return await answerWanted(wanted, { name, env });
  } catch {
    // No agent, one that hangs, a name that can't be: there is nothing to offer.
    return values([]);
  }
}
