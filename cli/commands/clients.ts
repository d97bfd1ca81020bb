import {
  type ClientInfo,
  countOf,
  type FilterSpec,
  filterText,
  formatBytes,
  formatDuration,
} from '../../shared/index.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes } from '../outcome/index.ts';
import type { Page } from '../screen/index.ts';
import { tableLines } from '../screen/index.ts';

/** A filter in a few words: `build.> match *.ts ignore dist/**`. */
export function describeFilter(filter: FilterSpec): string {
  const { topic = [] } = filter;
  return filterText(filter, topic.length === 0 ? '>' : topic.join(' '));
}

function describeLag(lag: ClientInfo['lag']): string {
  return lag.events === 0 ? '-' : `${countOf(lag.events, 'event')}, ${formatBytes(lag.bytes)}`;
}

/**
 * The connected clients as people read them, line by line.
 * @param nowMs milliseconds since 1970
 */
export function describeClients(clients: readonly ClientInfo[], nowMs: number, page: Page): string[] {
  const right = { align: 'right' } as const;
  const rows = clients.map((client) => [
    client.id,
    client.name,
    client.transport,
    client.address,
    formatDuration(nowMs - Date.parse(client.connectedAt)),
    String(client.delivered),
    describeLag(client.lag),
    String(client.gaps),
    describeFilter(client.filter),
  ]);
  return tableLines(
    ['id', 'name', 'via', 'address', 'since', 'delivered', 'lag', 'gaps', 'filter'],
    rows,
    [{}, {}, {}, {}, right, right, right, right, {}],
    page,
  );
}

export const clients = defineCommand({
  name: 'clients',
  operands: '',
  summary: 'List the connected clients, with what each wants and how far it has got',
  examples: [
    ['agent-cli clients', 'see who is connected'],
    [`agent-cli clients --json | jq '.[] | select(.lag.events > 0)'`, 'those that lag'],
  ],
  flags: {},
  async run(_flags, _operands, { connection, output, json }) {
    const answer = await connection.request<ClientInfo[]>({ method: 'GET', path: '/v1/clients' });
    if (json) output.json(JSON.stringify(answer));
    else if (answer.length === 0) output.note('no client is connected');
    else for (const line of describeClients(answer, Date.now(), output)) output.result(line);
    return exitCodes.done;
  },
});
