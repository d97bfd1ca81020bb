// Writes what is told of the command line outside of it, all from the source of --help: docs/cli.md, the manual
// pages, and the flags of agentd as completion offers them, since agent-cli does not load the agent's code.
//
//   tsx scripts/cli-docs.ts            writes them
//   tsx scripts/cli-docs.ts --check    fails when what is there is something else
import { agentdFlags } from '../agent/config/index.ts';
import { flagWords } from '../cli/line/index.ts';
import { markdown } from './cli-docs/markdown.ts';
import { agentdPage, cliPage } from './cli-docs/pages.ts';
import { roff } from './cli-docs/roff.ts';
import { formatted, writeOrCheck } from './generated.ts';

function flagsForCompletion(): string {
  return [
    '// Written by scripts/cli-docs.ts from the settings of agentd.',
    "import type { FlagWord } from './flag-words.ts';",
    '',
    '/** The flags of agentd. */',
    `export const agentdFlags: readonly FlagWord[] = ${JSON.stringify(flagWords(agentdFlags))};`,
  ].join('\n');
}

const flagsFile = 'cli/line/agentd-flags.ts';
writeOrCheck('tsx scripts/cli-docs.ts', {
  'docs/cli.md': markdown([cliPage(), agentdPage()]),
  'man/agent-cli.1': roff(cliPage()),
  'man/agentd.1': roff(agentdPage()),
  [flagsFile]: formatted(flagsFile, flagsForCompletion()),
});
