// The results as Markdown, which is what the documentation quotes.
import type { Bench } from '../support/bench.ts';
import { goalTable } from '../support/goals.ts';
import { describeMachine, describeVersions } from '../support/machine.ts';
import { median, percentile, spread } from '../support/numbers.ts';
import { cell, count, ratio, spreadCell, spreadRatio, table } from '../support/table.ts';
import { senders } from './fanout.ts';
import { judge } from './goals.ts';
import type { Options } from './options.ts';
import { messageBytes } from './publishers.ts';
import {
  cpuUs,
  type Fanout,
  fanoutOf,
  type Phase,
  type Results,
  type Round,
  spreadOf,
  spreadOfRatio,
  type Wide,
} from './results.ts';
import type { Server } from './server.ts';

/** What was run, besides its results. */
export interface Run {
  readonly bench: Bench;
  readonly options: Options;
  readonly servers: readonly Server[];
  readonly skipped: readonly string[];
  readonly results: Results;
}

/** The whole report. */
export function report({ bench, options, servers, skipped, results }: Run): string {
  const { clients, parts } = options;
  const facts = [
    describeMachine(bench),
    describeVersions(servers),
    `loopback TCP, messages of ${messageBytes} bytes`,
    ...skipped,
    ...results.failures,
  ];
  const sections = [facts.map((line) => `- ${line}`).join('\n')];
  const add = (heading: string, body: string): void => void sections.push(`### ${heading}`, body);
  if (parts.has('fanout')) {
    const same = results.fanouts.filter((fanout) => fanout.clients === clients);
    const to = `to ${count(clients)} clients`;
    add(`One message at a time ${to}`, phaseTable(same, results, 'single'));
    add(`${senders} senders at once ${to}`, phaseTable(same, results, 'bursts'));
    add('Memory a connected idle client', memoryTable(same, results));
  }
  if (parts.has('sizes')) add('More clients', sizesTable(results));
  if (parts.has('stuck')) add(`One stuck client among ${count(clients)}`, stuckTable(results));
  if (parts.has('replay')) add('agentd: replay of a full journal', replayTable(results));
  if (results.wide !== undefined) {
    const { wide } = results;
    add(`agentd: one wide view beside ${count(clients)} clients`, wideTable(wide));
  }
  add('Goals', goalTable(judge(results, clients)));
  return `${sections.join('\n\n')}\n`;
}

/** Each number is that of a round: the least, the median and the most of them, and the same of the ratios. */
const roundsLine = (fanouts: readonly Fanout[]): string => {
  const rounds = Math.max(0, ...fanouts.map((fanout) => fanout.rounds.length));
  return `${rounds} rounds; least – median – most of them, and of what agentd gave in the same round.`;
};

function phaseTable(fanouts: readonly Fanout[], results: Results, phase: 'single' | 'bursts'): string {
  const rows = fanouts.map((fanout) => {
    const agent = fanoutOf(results, 'agentd', fanout.clients);
    return [
      fanout.server.name,
      ...pair(fanout, agent, (round) => cpuUs(round[phase]), 2),
      ...pair(fanout, agent, (round) => perSecond(round[phase]) / 1000, 0),
      ...pair(fanout, agent, (round) => p50(round[phase]), 1),
      ...pair(fanout, agent, (round) => p99(round[phase]), 1),
    ];
  });
  const head = [
    'server',
    'CPU µs a delivery',
    '/ agentd',
    '1,000 deliveries/s',
    '/ agentd',
    'last client p50 ms',
    '/ agentd',
    'p99 ms',
    '/ agentd',
  ];
  return `${table(head, rows)}\n\n${roundsLine(fanouts)}`;
}

function pair(
  fanout: Fanout,
  agent: Fanout | undefined,
  of: (round: Round) => number,
  decimals: number,
): string[] {
  return [spreadCell(spreadOf(fanout, of), decimals), spreadRatio(spreadOfRatio(fanout, agent, of))];
}

function perSecond({ deliveries, seconds }: Phase): number {
  return deliveries / seconds;
}

function p50({ latenciesMs }: Phase): number {
  return median(latenciesMs);
}

function p99({ latenciesMs }: Phase): number {
  return percentile(latenciesMs, 0.99);
}

function memoryTable(fanouts: readonly Fanout[], results: Results): string {
  const rows = fanouts.map((fanout) => {
    const agent = fanoutOf(results, 'agentd', fanout.clients);
    return [fanout.server.name, ...pair(fanout, agent, ({ idleKiB }) => idleKiB, 1)];
  });
  return table(['server', 'KiB a client', '/ agentd'], rows);
}

function sizesTable(results: Results): string {
  const fanouts = results.fanouts
    .filter(({ server }) => server.key === 'agentd' || server.key === 'ws')
    .sort((a, b) => a.clients - b.clients);
  const rows = fanouts.map((fanout) => {
    const agent = fanoutOf(results, 'agentd', fanout.clients);
    return [
      fanout.server.name,
      count(fanout.clients),
      ...pair(fanout, agent, ({ single }) => cpuUs(single), 2),
      ...pair(fanout, agent, ({ single }) => p99(single), 1),
      ...pair(fanout, agent, ({ bursts }) => cpuUs(bursts), 2),
      spreadCell(
        spreadOf(fanout, ({ idleKiB }) => idleKiB),
        1,
      ),
    ];
  });
  return table(
    [
      'server',
      'clients',
      'one at a time: CPU µs',
      '/ agentd',
      'p99 ms',
      '/ agentd',
      'bursts: CPU µs',
      '/ agentd',
      'KiB a client',
    ],
    rows,
  );
}

function stuckTable({ stuck: measured }: Results): string {
  const rows = measured.map(({ server, stuck, latenciesMs, residentMB, grownMB }) => {
    const without = measured.find((other) => other.server.key === server.key && !other.stuck);
    const p99Ms = percentile(latenciesMs, 0.99);
    return [
      server.name,
      stuck ? '1' : '0',
      cell(median(latenciesMs), 1),
      cell(p99Ms, 1),
      ratio(p99Ms, percentile(without?.latenciesMs ?? [], 0.99)),
      cell(residentMB, 1),
      cell(grownMB, 1),
      cell(grownMB - (without?.grownMB ?? Number.NaN), 1),
    ];
  });
  return table(
    [
      'server',
      'stuck',
      'others p50 ms',
      'p99 ms',
      '/ without',
      'RSS MB',
      'grown by MB',
      'more than without, MB',
    ],
    rows,
  );
}

function wideTable({ without, beside, ignoredFiles, ownDeliveries, otherDeliveries }: Wide): string {
  const rows = [
    ['none', without],
    [`one, of ${count(ignoredFiles)} ignored files`, beside],
  ] as const;
  const body = table(
    ['wide view', 'one at a time: CPU µs a delivery', 'bursts: CPU µs a delivery', 'p99 ms'],
    rows.map(([name, rounds]) => [
      name,
      spreadCell(spread(rounds.map(({ single }) => cpuUs(single))), 2),
      spreadCell(spread(rounds.map(({ bursts }) => cpuUs(bursts))), 2),
      spreadCell(spread(rounds.map(({ single }) => p99(single))), 1),
    ]),
  );
  return `${body}\n\n${count(ownDeliveries)} changes that only the wide view holds: ${count(otherDeliveries)} events handed to other clients.`;
}

function replayTable({ replays }: Results): string {
  const rows = replays.map(({ clients, messages, megabytesPerSecond }) => [
    count(clients),
    count(messages),
    cell(median(megabytesPerSecond), 0),
    cell(Math.max(...megabytesPerSecond), 0),
  ]);
  return table(['clients at once', 'messages to each', 'MB/s to all, median', 'best'], rows);
}
