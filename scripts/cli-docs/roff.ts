// Manual pages in the man macros, which both groff and mandoc read: man(7).
import type { CommandPage, FlagLine, ProgramPage } from './pages.ts';

/** Text that shows as it is: no escape, no request, no dash that can't be searched for or copied. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll(/\P{ASCII}/gu, (character) => {
      const number = character.codePointAt(0) ?? 0;
      return `\\[u${number.toString(16).toUpperCase().padStart(4, '0')}]`;
    })
    .replace(/^\./, '\\&.');
}

/** An argument of a request. */
function quoted(text: string): string {
  return `"${plain(text)}"`;
}

function bold(text: string): string {
  return `\\fB${plain(text)}\\fR`;
}

/** Paragraphs of a term and what is said about it. */
function terms(lines: readonly (readonly [term: string, about: string])[]): string[] {
  return lines.flatMap(([term, about]) => ['.TP', bold(term), plain(about)]);
}

function flagTerms(flags: readonly FlagLine[]): string[] {
  return terms(flags.map(({ flag, about }) => [flag, about]));
}

/** @param first whether a heading stands before it, after which a paragraph begins by itself */
function examples(page: CommandPage, first = false): string[] {
  return page.examples.flatMap(([line, effect], index) => [
    ...(first && index === 0 ? [] : ['.PP']),
    `${plain(effect)}:`,
    '.PP',
    '.RS 4',
    '.nf',
    bold(line),
    '.fi',
    '.RE',
  ]);
}

function commandSection(command: CommandPage): string[] {
  return [
    `.SS ${quoted(command.usage)}`,
    `${plain(command.summary)}.`,
    ...command.details.flatMap((text) => ['.PP', plain(text)]),
    ...command.flags.flatMap(({ flags }) => flagTerms(flags)),
    ...examples(command),
  ];
}

/** For the line that apropos shows: no sentence. */
function title(summary: string): string {
  const text = summary.replace(/\.$/, '');
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

/** The manual page of a program. */
export function roff(program: ProgramPage): string {
  const { name, usage, summary, details, flags, commands, exits, seeAlso } = program;
  const lines = [
    '.\\" Written by scripts/cli-docs.ts from the source of --help.',
    `.TH ${quoted(name.toUpperCase())} 1 "" devagent "User Commands"`,
    '.SH NAME',
    `${plain(name)} \\- ${plain(title(summary))}`,
    '.SH SYNOPSIS',
    `${bold(name)}${plain(usage.slice(name.length))}`,
    '.SH DESCRIPTION',
    plain(summary),
    ...details.flatMap((text) => ['.PP', plain(text)]),
    ...(commands.length === 0 ? [] : ['.SH COMMANDS', ...commands.flatMap(commandSection)]),
    '.SH OPTIONS',
    ...(flags.length === 1
      ? flags.flatMap((group) => [`${plain(group.heading)}:`, ...flagTerms(group.flags)])
      : flags.flatMap((group) => [`.SS ${quoted(group.heading)}`, ...flagTerms(group.flags)])),
    ...(exits.length === 0 ? [] : ['.SH EXIT STATUS', ...terms(exits)]),
    ...(program.examples.length === 0 ? [] : ['.SH EXAMPLES', ...examples(program, true)]),
    '.SH SEE ALSO',
    `.BR ${plain(seeAlso)} (1)`,
  ];
  return `${lines.join('\n')}\n`;
}
