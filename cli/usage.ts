// What the program and its commands say of themselves, wherever that is shown: --help, docs/cli.md, man pages.
import type { Command } from './command.ts';

export const programName = 'agent-cli';

export const programSummary = 'Sends messages to a devagent, and shows what happens to the files it watches.';

/** How a command is written, as in `agent-cli on GLOB... -- CMD...`. */
export function usageOf(command: Pick<Command, 'name' | 'operands' | 'trailing'>): string {
  const trailing = command.trailing === undefined ? '' : ` -- ${command.trailing}`;
  return `${programName} ${command.name} ${command.operands}`.trimEnd() + trailing;
}
