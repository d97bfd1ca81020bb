import { protocolVersion, type RootStatus, type Status } from '../../shared/index.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Colors } from '../output.ts';
import { noteOtherVersion } from '../protocol-check.ts';
import { alignRows } from '../table.ts';
import { countOf, formatBytes, formatDuration } from '../units.ts';
import { visibleText } from '../visible-text.ts';

function rootState(root: RootStatus): string {
  if (!root.ready) return 'crawling';
  return root.degraded === null ? 'ready' : 'degraded';
}

function describeRoots(roots: readonly RootStatus[], colors: Colors): string[] {
  const right = { align: 'right' } as const;
  const rows = roots.map((root) => [
    root.path,
    rootState(root),
    root.backend,
    ...[root.files, root.dirs, root.watches, root.recrawls].map(String),
  ]);
  const [heading = '', ...lines] = alignRows(
    [['root', 'state', 'backend', 'files', 'dirs', 'watches', 'recrawls'], ...rows],
    [{}, {}, {}, right, right, right, right],
  );
  const reasons = roots.flatMap((root) =>
    root.degraded === null ? [] : [colors.yellow(visibleText(`${root.path} is degraded: ${root.degraded}`))],
  );
  return [colors.dim(heading), ...lines, ...reasons];
}

/** The agent's status as people read it, line by line. */
export function describeStatus(name: string, status: Status, colors: Colors): string[] {
  const { journal, memory } = status;
  const protocol = status.protocol === protocolVersion ? '' : `, protocol ${status.protocol}`;
  const facts = alignRows(
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
      ['memory', formatBytes(memory.rssBytes)],
    ],
    [{ paint: colors.dim }],
  );
  return [...facts, '', ...(status.roots.length === 0 ? ['no roots'] : describeRoots(status.roots, colors))];
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
    else
      for (const line of describeStatus(connection.instance.name, answer, output.colors)) output.result(line);
    return exitCodes.done;
  },
});
