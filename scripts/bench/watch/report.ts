// The results as Markdown, which is what the documentation quotes.
import type { Bench } from '../support/bench.ts';
import { goalTable } from '../support/goals.ts';
import { describeMachine, describeVersions } from '../support/machine.ts';
import { median, percentile, spread, spreadOfRatio } from '../support/numbers.ts';
import { cell, count, ratio, spreadCell, spreadRatio, table } from '../support/table.ts';
import { judge } from './goals.ts';
import type { Options } from './options.ts';
import type { Peer } from './peer.ts';
import { measuredOf, type Results, summarize } from './results.ts';
import type { Measured } from './rounds.ts';
import { changesPerAnswer, type SinceResult } from './since.ts';
import type { StandstillResult } from './standstill.ts';
import { describeTrees } from './tree-storage.ts';
import type { TruthResult } from './truth.ts';

/** What was run, besides its results. */
export interface Run {
  readonly bench: Bench;
  readonly options: Options;
  readonly peers: readonly Peer[];
  readonly skipped: readonly string[];
  readonly results: Results;
}

/** The whole report. */
export function report({ bench, options, peers, skipped, results }: Run): string {
  const wants = options.parts;
  const facts = [
    describeMachine(bench),
    describeTrees(bench),
    describeVersions(peers.filter(({ latencyOnly }) => !latencyOnly)),
    ...skipped,
  ];
  const sections: string[] = [facts.map((line) => `- ${line}`).join('\n')];
  const add = (heading: string, body: string): void => void sections.push(`### ${heading}`, body);
  if (wants.has('ready')) {
    add(
      `Start: time to ready, resident memory 2 s after it, inotify watches; least – median – most of ${options.rounds} starts, and of what agentd gave in the same round; warm cache`,
      readyTable(results),
    );
  }
  if (wants.has('latency')) add('Save to client: single writes, 30 to 60 ms apart', latencyTable(results));
  if (wants.has('truth')) {
    add('Missing paths / ghosts after 4,000 random operations', truthTable(results.truth));
  }
  if (wants.has('overflow')) {
    add(
      'Missing paths / ghosts after 40,000 files made while the process was stopped',
      overflowTable(results.overflow),
    );
  }
  if (results.idle !== undefined || results.crawl !== undefined) add('agentd alone', aloneTable(results));
  if (results.standstill !== undefined) {
    add(
      `The longest that agentd kept a request waiting, with a tree of ${count(results.standstill.files)} files`,
      standstillTable(results.standstill),
    );
  }
  if (wants.has('changes')) {
    add(`What changed since: ${changesPerAnswer} files, barrier included`, sinceTable(results.since));
  }
  if (wants.has('growth')) add('agentd, growing tree', growthTable(results));
  add('Goals', goalTable(judge(results)));
  const notes = notesOf(results);
  if (notes.length > 0) add('Notes', notes.map((note) => `- ${note}`).join('\n'));
  return `${sections.join('\n\n')}\n`;
}

function readyTable(results: Results): string {
  const rows = results.rounds
    .filter(({ peer }) => !peer.latencyOnly)
    .map((measured) => {
      const own = summarize(measured);
      const agent = measuredOf(results, 'agentd', measured.files);
      return [
        measured.peer.name,
        count(measured.files),
        spreadCell(spread(measured.readyMs), 0),
        spreadRatio(spreadOfRatio(measured.readyMs, agent?.readyMs)),
        spreadCell(spread(measured.residentMB), 0),
        spreadRatio(spreadOfRatio(measured.residentMB, agent?.residentMB)),
        count(own.watches),
        ratio(own.watches, summarize(agent).watches),
      ];
    });
  return table(['peer', 'files', 'ready ms', '/ agentd', 'RSS MB', '/ agentd', 'watches', '/ agentd'], rows);
}

function latencyTable(results: Results): string {
  const rows = results.rounds.map((measured) => {
    const own = summarize(measured);
    const agent = summarize(measuredOf(results, 'agentd', measured.files));
    const { latenciesMs, missedWrites } = measured;
    return [
      measured.peer.name,
      count(measured.files),
      measured.peer.settle,
      cell(own.p50Ms, 2),
      ratio(own.p50Ms, agent.p50Ms),
      cell(own.p99Ms, 2),
      ratio(own.p99Ms, agent.p99Ms),
      `${missedWrites} of ${latenciesMs.length + missedWrites}`,
    ];
  });
  return table(['peer', 'files', 'settle', 'p50 ms', '/ agentd', 'p99 ms', '/ agentd', 'never told'], rows);
}

function differencesOf({ differences }: TruthResult): string {
  return differences === undefined
    ? 'failed'
    : `${count(differences.missing)} / ${count(differences.ghosts)}`;
}

/** One row a peer, from the results of one part. */
function rowsByPeer(
  results: readonly TruthResult[],
  cells: (own: readonly TruthResult[]) => string[],
): string[][] {
  const names = [...new Set(results.map(({ peer }) => peer.name))];
  return names.map((name) => [name, ...cells(results.filter(({ peer }) => peer.name === name))]);
}

function truthTable(results: readonly TruthResult[]): string {
  const scenarios = [...new Set(results.map(({ scenario }) => scenario))];
  // The same operations leave the same tree, whoever watches.
  const entries = (scenario: string): string =>
    count(results.find((result) => result.scenario === scenario)?.differences?.entries ?? Number.NaN);
  return table(
    ['peer', ...scenarios.map((scenario) => `${scenario}, ${entries(scenario)} paths left`)],
    rowsByPeer(results, (own) => own.map(differencesOf)),
  );
}

function overflowTable(results: readonly TruthResult[]): string {
  const scenarios = [...new Set(results.map(({ scenario }) => scenario))];
  return table(
    ['peer', ...scenarios.flatMap((scenario) => [scenario, 'last event ms', 'loss told'])],
    rowsByPeer(results, (own) =>
      own.flatMap((result) => [
        differencesOf(result),
        cell(result.lastEventMs ?? Number.NaN, 0),
        lossOf(result),
      ]),
    ),
  );
}

/** What a peer said of lost events; nothing where it lost none. */
function lossOf({ losses, differences, kernelDrops }: TruthResult): string {
  const said = [...new Set(losses)].map((loss) => loss.replace(/(warning).*/s, '$1')).join(', ');
  const lost = kernelDrops || differences === undefined || differences.missing + differences.ghosts > 0;
  return said || (lost ? 'no' : 'nothing lost');
}

function aloneTable({ idle, crawl }: Results): string {
  const rows: string[][] = [];
  if (idle !== undefined) {
    const row = (what: string, cpuMs: number, seconds: number, more: string): string[] => [
      `processor time, ${what} ${seconds} s, ${count(idle.files)} files`,
      `${cpuMs.toFixed(0)} ms`,
      `${((cpuMs / (seconds * 1000)) * 100).toFixed(3)} % of a core`,
      more,
    ];
    rows.push(
      row('first', idle.restCpuMs, idle.restSeconds, 'the garbage of the crawl is collected'),
      row('next', idle.cpuMs, idle.seconds, `${cell(idle.residentMB, 0)} MB RSS after it`),
    );
  }
  if (crawl !== undefined) {
    const row = (phase: string, samplesMs: readonly number[]): string[] => [
      `broadcast to client ${phase}, ${count(samplesMs.length)} messages`,
      `p50 ${cell(percentile(samplesMs, 0.5), 2)} ms`,
      `p99 ${cell(percentile(samplesMs, 0.99), 2)} ms`,
      `longest ${cell(percentile(samplesMs, 1), 2)} ms`,
    ];
    rows.push(
      row(
        `during the first crawl of ${count(crawl.files)} files (ready in ${cell(median(crawl.crawlMs), 0)} ms)`,
        crawl.duringMs,
      ),
      row('after it', crawl.afterMs),
    );
    if (crawl.lost > 0) rows.push(['messages that never came', String(crawl.lost), '', '']);
  }
  return table(['measured', '', '', ''], rows);
}

function standstillTable({ standstills }: StandstillResult): string {
  const rows = standstills.map(({ what, worstMs }) => [what, spreadCell(spread(worstMs), 1)]);
  return table(['while', 'ms: least – median – most of the rounds'], rows);
}

function sinceTable(results: readonly SinceResult[]): string {
  const rows = results.map(({ peer, files, answersMs }) => [
    peer.name,
    count(files),
    cell(percentile(answersMs, 0.5), 2),
    cell(percentile(answersMs, 0.99), 2),
  ]);
  return table(['peer', 'files', 'p50 ms', 'p99 ms'], rows);
}

function growthTable(results: Results): string {
  const ownRows = results.rounds.filter(({ peer }) => peer.key === 'agentd' && !peer.latencyOnly);
  const rows = ownRows.map((measured: Measured) => {
    const own = summarize(measured);
    return [
      count(measured.files),
      count(measured.directories),
      cell(own.readyMs, 0),
      cell((own.readyMs * 1000) / measured.files, 1),
      cell(own.residentMB, 0),
      count(own.watches),
      cell(own.p50Ms, 2),
      cell(own.p99Ms, 2),
    ];
  });
  return table(
    ['files', 'directories', 'ready ms', 'µs a file', 'RSS MB', 'watches', 'save p50 ms', 'save p99 ms'],
    rows,
  );
}

/** What peers complained of, each once. */
function notesOf(results: Results): string[] {
  const notes = new Map<string, number>();
  const note = (text: string): void => void notes.set(text, (notes.get(text) ?? 0) + 1);
  for (const { peer, files, troubles } of results.rounds) {
    for (const trouble of troubles) note(`${peer.name}, ${count(files)} files: ${withoutPaths(trouble)}`);
  }
  for (const { peer, scenario, troubles } of [...results.truth, ...results.overflow]) {
    for (const trouble of troubles) note(`${peer.name}, ${scenario}: ${withoutPaths(trouble)}`);
  }
  return [...notes].map(([text, times]) => (times > 1 ? `${text} (${count(times)} times)` : text));
}

/** Names of temporary directories differ from run to run, and say nothing. */
function withoutPaths(text: string): string {
  return text
    .replaceAll(/'?\/\S*devagent-bench-[^\s']*'?/g, '…')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300);
}
