// docs/cli.md
import type { CommandPage, FlagGroup, ProgramPage } from './pages.ts';

/** Text that shows as it is. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*<|[\]]/g, '\\$&');
}

/** Code within a table, where a bar would end the cell. */
function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  return [`| ${head.join(' | ')} |`, '|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

function flagTable({ heading, flags }: FlagGroup): string {
  return table(
    [heading, ''],
    flags.map(({ flag, about }) => [code(flag), plain(about)]),
  );
}

function examples(page: CommandPage): string[] {
  if (page.examples.length === 0) return [];
  const lines = page.examples.map(([line, effect]) => `# ${effect}\n${line}`);
  return [`\`\`\`sh\n${lines.join('\n\n')}\n\`\`\``];
}

function section(depth: number, page: CommandPage): string[] {
  return [
    `${'#'.repeat(depth)} ${page.name}`,
    `    ${page.usage}`,
    `${plain(page.summary)}${page.summary.endsWith('.') ? '' : '.'}`,
    ...page.details.map(plain),
    ...page.flags.map(flagTable),
    ...examples(page),
  ];
}

function contents({ commands }: ProgramPage): string[] {
  if (commands.length === 0) return [];
  const rows = commands.map(({ name, summary }): [string, string] => [
    `[${name}](#${name.replaceAll(' ', '-')})`,
    plain(summary),
  ]);
  return [table(['Command', ''], rows)];
}

function exits(program: ProgramPage): string[] {
  if (program.exits.length === 0) return [];
  return [
    table(
      ['Exit code', ''],
      program.exits.map(([number, meaning]) => [number, plain(meaning)]),
    ),
  ];
}

/** The page of some programs. */
export function markdown(programs: readonly ProgramPage[]): string {
  const blocks = [
    '# The command line',
    '<!-- Written by scripts/cli-docs.ts from the source of --help. -->',
    'The same as `--help` tells, and as `man agent-cli` and `man agentd`, on one page.',
    ...programs.flatMap((program) => [
      ...section(2, program),
      ...exits(program),
      ...contents(program),
      ...program.commands.flatMap((command) => section(3, command)),
    ]),
  ];
  return `${blocks.join('\n\n')}\n`;
}
