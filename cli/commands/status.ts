import { countOf, formatBytes, formatDuration, protocolVersion, type Status } from '../../shared/index.ts';
import { noteOtherVersion } from '../agent/index.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes } from '../outcome/index.ts';
import type { Page } from '../screen/index.ts';
import { factLines } from '../screen/index.ts';
import { describeRoots } from './root-lines.ts';

/** The agent's status as people read it, line by line. */
export function describeStatus(name: string, status: Status, page: Page): string[] {
  const { journal, memory } = status;
  const protocol = status.protocol === protocolVersion ? '' : `, protocol ${status.protocol}`;
  const facts = factLines(
    [
      [
        'agent',
        `${name}, version ${status.version}${protocol}, pid ${status.pid}, up ${formatDuration(status.uptimeMs)}`,
      ],
      ['url', status.url],
      ['clients', String(status.clients)],
      [
        'journal',
        `${countOf(journal.events, 'event')}, ${formatBytes(journal.bytes)} of ${formatBytes(journal.limitBytes)}`,
      ],
      [
        'cursor',
        journal.events === 0 ? status.cursor : `${status.cursor}, the oldest kept is ${status.oldest}`,
      ],
      ['store', describeStore(status.store)],
      ['memory', formatBytes(memory.rssBytes)],
    ],
    page,
  );
  return [...facts, '', ...(status.roots.length === 0 ? ['no roots'] : describeRoots(status.roots, page))];
}

/** @param store undefined from an agent that is too old to have one */
function describeStore(store: Status['store'] | undefined): string {
  if (store == null) return 'none: cursors end with the agent';
  if (store.degraded !== null) return store.degraded;
  return `${store.path}, ${formatBytes(store.bytes)}`;
}

export const status = defineCommand({
  name: 'status',
  operands: '',
  summary: 'Show the agent: its roots, journal, clients and memory',
  examples: [
    ['agent-cli status', 'look at the agent'],
    ['agent-cli status --json | jq .cursor', 'take one fact from it'],
  ],
  flags: {},
  async run(_flags, _operands, { connection, output, json }) {
    const answer = await connection.status();
    noteOtherVersion(answer, connection, output);
    if (json) output.json(JSON.stringify(answer));
    else for (const line of describeStatus(connection.instance.name, answer, output)) output.result(line);
    return exitCodes.done;
  },
});
