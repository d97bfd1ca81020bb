// Findings as people read them.

import { countOf, visibleText } from '../../shared/index.ts';
import type { Colors } from '../screen/index.ts';
import { alignRows, displayWidth } from '../screen/index.ts';
import { type Finding, type Health, worstOf } from './finding.ts';

const indent = '  ';

/** Prose in lines of at most so many columns; a longer word stands alone. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of visibleText(text).split(' ')) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > columns) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}

/** A text cut to so many columns, the last of them saying that it was cut. */
function clip(text: string, columns: number): string {
  const shown = visibleText(text);
  if (displayWidth(shown) <= columns) return shown;
  let kept = '';
  for (const character of shown) {
    if (displayWidth(kept + character) >= columns) break;
    kept += character;
  }
  return `${kept}…`;
}

function painterOf(colors: Colors): Record<Health, (text: string) => string> {
  return { ok: colors.green, warning: colors.yellow, problem: colors.red };
}

function explain(finding: Finding, colors: Colors, columns: number): string[] {
  const { check, state, found, means, remedy, commands } = finding;
  const heading = wrap(`${state}: ${check}: ${found}`, columns).map(painterOf(colors)[state]);
  const prose = [means, remedy].flatMap((text) =>
    text === null ? [] : wrap(text, columns - indent.length).map((line) => indent + line),
  );
  // Not wrapped: they are there to be copied.
  return ['', ...heading, ...prose, ...commands.map((line) => `${indent}${indent}${visibleText(line)}`)];
}

function summary(findings: readonly Finding[], colors: Colors): string {
  const count = (state: Health): number => findings.filter((finding) => finding.state === state).length;
  const parts = [
    countOf(count('problem'), 'problem'),
    countOf(count('warning'), 'warning'),
    `${count('ok')} ok`,
  ];
  return painterOf(colors)[worstOf(findings)](parts.join(', '));
}

/** How wide a report may be. */
export interface ReportWidth {
  /** Of prose, which is wrapped. */
  readonly proseColumns: number;
  /** Of a terminal's line; undefined in a pipe, where nothing is cut. */
  readonly lineColumns: number | undefined;
}

/** A line for each finding, then for each that is not ok what it means and what to do, then a summary. */
export function describeFindings(findings: readonly Finding[], colors: Colors, width: ReportWidth): string[] {
  const painters = painterOf(colors);
  const longest = Math.max(...findings.map(({ check }) => check.length));
  const roomColumns = (width.lineColumns ?? Number.POSITIVE_INFINITY) - 'warning'.length - longest - 4;
  const rows = findings.map(({ state, check, found }) => [
    state,
    check,
    // What is wrong is told below, in full.
    state === 'ok' ? found : clip(found, roomColumns),
  ]);
  // The column's painter gets a padded cell, which begins with the state.
  const paint = (cell: string): string => painters[cell.trimEnd() as Health](cell);
  const troubles = findings.filter(({ state }) => state !== 'ok');
  return [
    ...alignRows(rows, [{ paint }]),
    ...troubles.flatMap((finding) => explain(finding, colors, width.proseColumns)),
    '',
    summary(findings, colors),
  ];
}
