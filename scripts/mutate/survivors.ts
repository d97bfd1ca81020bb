// Reads Stryker's report: which changes did no test notice?
// The format: https://github.com/stryker-mutator/mutation-testing-elements/tree/master/packages/report-schema

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

/** The part of the report that is read. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

/** A change that all tests passed with. */
export interface Survivor {
  /** `file:line:column`, as editors open it. */
  readonly place: string;
  readonly before: string;
  readonly after: string;
}

/** The longest piece of source that is shown. */
const shownChars = 60;

/** Changes that no test noticed, in the order of the source. */
export function survivors(report: Report): Survivor[] {
  return Object.entries(report.files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .sort((a, b) => a.location.start.line - b.location.start.line)
      .map(({ location, replacement, mutatorName }) => ({
        place: `${file}:${location.start.line}:${location.start.column}`,
        before: short(pieceOf(source, location.start, location.end)),
        after: short(replacement ?? mutatorName),
      })),
  );
}

/** The survivors, a line each, and a last line that counts. */
export function lines(report: Report, alive: readonly Survivor[]): string {
  const total = Object.values(report.files).reduce((sum, { mutants }) => sum + mutants.length, 0);
  const list = alive.map(({ place, before, after }) => `${place}  ${before}  →  ${after}\n`);
  return `${list.join('')}${total} changes, ${total - alive.length} noticed, ${alive.length} not noticed\n`;
}

function pieceOf(source: string, start: Place, end: Place): string {
  const rows = source.split('\n').slice(start.line - 1, end.line);
  const last = rows.length - 1;
  return rows
    .map((row, at) => row.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : undefined))
    .join(' ');
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > shownChars ? `${line.slice(0, shownChars - 1)}…` : line;
}
