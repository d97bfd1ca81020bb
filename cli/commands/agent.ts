import { pathToFileURL } from 'node:url';
import { agentdProgram } from '../agent/index.ts';
import { defineCommand } from '../line/index.ts';

export const agent = defineCommand({
  name: 'agent',
  operands: '[DIR...]',
  passesOn: true,
  summary: 'Run the agent in the foreground, as agentd does',
  details:
    'Without DIR it watches the current directory. It stays until it is told to stop, and writes its log to stderr. Its flags are those of agentd: see agent-cli agent --help.',
  examples: [
    ['agent-cli agent', 'watch the current directory'],
    ['agent-cli agent web api --ignore "**/*.log"', 'watch two directories, but no log files in them'],
  ],
  flags: {},
  withoutAgent: true,
  async run(_flags, words, { signals }) {
    const program = agentdProgram();
    // It reads its own command line, and its second signal ends it at once.
    signals.release();
    process.argv.splice(1, process.argv.length, program, ...words);
    await import(pathToFileURL(program).href);
    return undefined;
  },
});
