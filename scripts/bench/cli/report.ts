// The results as Markdown, which is what the documentation quotes.
import type { Bench } from '../support/bench.ts';
import { type Goal, goal, goalTable } from '../support/goals.ts';
import { describeMachine, describeVersions } from '../support/machine.ts';
import { median, percentile } from '../support/numbers.ts';
import { cell, ratio, table } from '../support/table.ts';
import type { ContenderKey, Contenders } from './contenders.ts';

/** What was run, and what came of it. */
export interface Run {
  readonly bench: Bench;
  readonly rounds: number;
  readonly found: Contenders;
  /** Milliseconds of each run. */
  readonly times: ReadonlyMap<ContenderKey, readonly number[]>;
}

function medianOf({ times }: Run, key: ContenderKey): number {
  return median(times.get(key) ?? []);
}

function timesTable(run: Run): string {
  const rows = run.found.contenders.map(({ key, name }) => [
    `\`${name}\``,
    cell(medianOf(run, key), 1),
    ratio(medianOf(run, key), medianOf(run, 'node')),
    cell(percentile(run.times.get(key) ?? [], 0.9), 1),
  ]);
  return table(['whole process', 'median ms', '/ node -e 0', 'p90 ms'], rows);
}

function judge(run: Run): Goal[] {
  const within = (text: string, key: ContenderKey, atMost: number): Goal => {
    const factor = medianOf(run, key) / medianOf(run, 'node');
    return goal(`${text} ≤ ${atMost} × \`node -e 0\``, `${cell(factor, 2)} times`, factor, atMost);
  };
  return [within('`agent-cli broadcast hi`', 'broadcast', 1.6), within('`agent-cli --help`', 'help', 2)];
}

/** The whole report. */
export function report(run: Run): string {
  const { bench, rounds, found } = run;
  const facts = [
    describeMachine(bench),
    describeVersions(found.versions),
    `${rounds} runs of each, in turns; one agent, one root, no clients`,
    ...found.skipped,
  ];
  const sections = [
    facts.map((line) => `- ${line}`).join('\n'),
    timesTable(run),
    '### Goals',
    goalTable(judge(run)),
  ];
  return `${sections.join('\n\n')}\n`;
}
