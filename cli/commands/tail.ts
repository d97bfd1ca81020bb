import { switchFlag, wholeNumberFlag } from '../../shared/flags/index.ts';
import { defineCommand } from '../line/index.ts';
import { rootsHere } from '../paths/index.ts';
import { agentReviver, ensureAgent, startFlags } from '../start/index.ts';
import { filterFlags, formatFlag, printFormat, streamQuery } from './stream-flags.ts';

export const tail = defineCommand({
  name: 'tail',
  operands: '',
  summary: 'Print file changes and messages as they come',
  details:
    'It reconnects by itself and goes on where it was. What was lost is told, never left out. On a terminal many changes at once are summed up.',
  examples: [
    ['agent-cli tail', 'watch everything'],
    ['agent-cli tail --topic build.>', 'the messages of builds; * is one word of a topic, > the rest'],
    [`agent-cli tail --match 'src/**/*.ts' --json`, 'one JSON object a line, for a program'],
    ['agent-cli tail --topic file --snapshot', 'the files that exist, then their changes'],
    [`agent-cli tail --match 'dist/**'`, 'changes in dist, even if .gitignore leaves it out'],
  ],
  flags: {
    ...filterFlags,
    snapshot: switchFlag('Print the files that exist first'),
    limit: wholeNumberFlag('Exit 0 after this many events', 1, Number.MAX_SAFE_INTEGER),
    format: formatFlag,
    verbose: switchFlag('Print each of many changes on a terminal, too'),
    ...startFlags,
  },
  async run(flags, _operands, context) {
    const format = printFormat(context.json, flags.format);
    const query = { ...streamQuery(flags, 'agent-cli tail'), snapshot: flags.snapshot };
    const noStart = flags['no-start'];
    await ensureAgent(context, { noStart, roots: rootsHere() });
    const { follow } = await import('../stream/index.ts');
    const { limit, verbose } = flags;
    return follow(context, { query, format, limit, verbose, revive: agentReviver(context, { noStart }) });
  },
});
