// The name that the CLI goes by. One program has two: who typed one of them is told of that one.
import { basename } from 'node:path';

/** What was typed: `devagent`, or `agent-cli`, which is also what it goes by where neither was. */
export const programName = /^devagent(\.|$)/.test(basename(process.argv[1] ?? '')) ? 'devagent' : 'agent-cli';

/** Our own words, which call the program agent-cli, with the name that it goes by. */
export function withProgramName(text: string): string {
  return programName === 'agent-cli' ? text : text.replaceAll('agent-cli', programName);
}
