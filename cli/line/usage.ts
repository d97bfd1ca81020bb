// What the program and its commands say of themselves, wherever that is shown: --help, docs/cli.md, man pages.
import type { HelpPage } from '../../shared/flags/index.ts';
import { exitMeanings, programName, withProgramName } from '../outcome/index.ts';
import type { Command } from './command.ts';
import { commonFlags } from './common-flags.ts';
import { flagTableOf, passedFlags } from './flag-words.ts';

const commonGroup = { heading: 'Flags of every command', flags: commonFlags } as const;

function epilogue(): string {
  const codes = Object.entries(exitMeanings).map(([code, meaning]) => `${code} ${meaning}`);
  return [
    `${programName} COMMAND --help shows the flags of a command, and examples.`,
    `Exit codes: ${codes.slice(0, 3).join(', ')},`,
    `${codes.slice(3).join(', ')}.`,
  ].join('\n');
}

/** Help for the program: it lists the commands. */
export function programHelp(commands: readonly Command[]): HelpPage {
  return {
    name: programName,
    usage: `${programName} COMMAND`,
    summary: 'Sends messages to a devagent, and shows what happens to the files it watches.',
    commands: commands.map(({ name, summary }) => [name, summary]),
    groups: [commonGroup],
    examples: [],
    epilogue: epilogue(),
  };
}

/** Help for a command; its usage is as in `agent-cli on GLOB... -- CMD...`. */
export function commandHelp({
  name,
  operands,
  trailing,
  summary,
  details,
  flags,
  trailingFlags,
  examples,
}: Command): HelpPage {
  return {
    name: `${programName} ${name}`,
    usage: `${programName} ${name} ${operands}`.trimEnd() + (trailing === undefined ? '' : ` -- ${trailing}`),
    summary,
    ...(details === undefined ? {} : { details: withProgramName(details) }),
    groups: [
      ...(Object.keys(flags).length === 0 ? [] : [{ heading: 'Flags', flags }]),
      ...(trailingFlags === undefined
        ? []
        : [{ heading: 'Flags of the agent', flags: flagTableOf(passedFlags(trailingFlags)) }]),
      commonGroup,
    ],
    examples: examples.map(([line, effect]) => [withProgramName(line), withProgramName(effect)]),
  };
}
