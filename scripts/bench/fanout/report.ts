// The results as Markdown, which is what the documentation quotes.
import type { Bench } from '../support/bench.ts';
import { goalTable } from '../support/goals.ts';
import { describeMachine, describeVersions } from '../support/machine.ts';
import { median, percentile } from '../support/numbers.ts';
import { cell, count, ratio, table } from '../support/table.ts';
import { senders } from './fanout.ts';
import { judge } from './goals.ts';
import type { Options } from './options.ts';
import { messageBytes } from './publishers.ts';
import { cpuUs, type Fanout, fanoutOf, type Phase, type Results } from './results.ts';
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
  add('Goals', goalTable(judge(results, clients)));
  return `${sections.join('\n\n')}\n`;
}

function phaseTable(fanouts: readonly Fanout[], results: Results, phase: 'single' | 'bursts'): string {
  const rows = fanouts.map((fanout) => {
    const agent = fanoutOf(results, 'agentd', fanout.clients)?.[phase];
    const own = fanout[phase];
    return [
      fanout.server.name,
      ...pair(cpuUs, own, agent, 2),
      ...pair(perSecond, own, agent, 0),
      ...pair(p50, own, agent, 1),
      ...pair(p99, own, agent, 1),
    ];
  });
  return table(
    [
      'server',
      'CPU µs a delivery',
      '/ agentd',
      'deliveries/s',
      '/ agentd',
      'last client p50 ms',
      '/ agentd',
      'p99 ms',
      '/ agentd',
    ],
    rows,
  );
}

function pair(
  of: (phase: Phase) => number,
  own: Phase,
  agent: Phase | undefined,
  decimals: number,
): string[] {
  return [cell(of(own), decimals), ratio(of(own), agent === undefined ? Number.NaN : of(agent))];
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
  const rows = fanouts.map(({ server, clients, idleKiB }) => [
    server.name,
    cell(idleKiB, 1),
    ratio(idleKiB, fanoutOf(results, 'agentd', clients)?.idleKiB ?? Number.NaN),
  ]);
  return table(['server', 'KiB a client', '/ agentd'], rows);
}

function sizesTable(results: Results): string {
  const fanouts = results.fanouts
    .filter(({ server }) => server.key === 'agentd' || server.key === 'ws')
    .sort((a, b) => a.clients - b.clients);
  const rows = fanouts.map(({ server, clients, idleKiB, single, bursts }) => {
    const agent = fanoutOf(results, 'agentd', clients);
    return [
      server.name,
      count(clients),
      ...pair(cpuUs, single, agent?.single, 2),
      ...pair(p99, single, agent?.single, 1),
      ...pair(cpuUs, bursts, agent?.bursts, 2),
      cell(idleKiB, 1),
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

function replayTable({ replays }: Results): string {
  const rows = replays.map(({ clients, messages, megabytesPerSecond }) => [
    count(clients),
    count(messages),
    cell(median(megabytesPerSecond), 0),
    cell(Math.max(...megabytesPerSecond), 0),
  ]);
  return table(['clients at once', 'messages to each', 'MB/s to all, median', 'best'], rows);
}
