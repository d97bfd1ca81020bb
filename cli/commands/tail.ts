import { resolve } from 'node:path';
import { defineCommand } from '../command.ts';
import { agentReviver, ensureAgent, startFlags } from '../ensure-agent.ts';
import { UsageError } from '../errors.ts';
import { choiceFlag, listFlag, switchFlag, textFlag, wholeNumberFlag } from '../flags.ts';

export const tail = defineCommand({
  name: 'tail',
  operands: '',
  summary: 'Print file changes and messages as they come',
  details: 'It reconnects by itself and goes on where it was. What was lost is told, never left out.',
  examples: [
    ['agent-cli tail', 'watch everything'],
    ['agent-cli tail --topic build.>', 'the messages of builds; * is one word of a topic, > the rest'],
    [`agent-cli tail --match 'src/**/*.ts' --json`, 'one JSON object a line, for a program'],
    ['agent-cli tail --topic file --limit 1', 'wait for the next change of a file'],
  ],
  flags: {
    topic: listFlag('Only events on this topic; may be given often. File changes are on the topic file'),
    root: textFlag('Only file changes below this root'),
    match: listFlag('Only changes of paths that match this glob; may be given often'),
    ignore: listFlag('No changes of paths that match this glob; may be given often'),
    since: textFlag('Begin after this cursor'),
    snapshot: switchFlag('Print the files that exist first'),
    limit: wholeNumberFlag('Exit 0 after this many events', 1, Number.MAX_SAFE_INTEGER),
    format: choiceFlag('How to print; text is the bare message, or EVENT PATH', ['text', 'json']),
    ...startFlags,
  },
  async run(flags, _operands, context) {
    if (context.json && flags.format === 'text') {
      throw new UsageError('--json and --format text exclude each other: give one of them');
    }
    const noStart = flags['no-start'];
    await ensureAgent(context, { noStart, roots: [process.cwd()] });
    const { follow } = await import('../stream/index.ts');
    const { topic, match, ignore, since, snapshot, limit } = flags;
    // The agent knows roots by their absolute path, and not where this command runs.
    const root = flags.root === undefined ? undefined : resolve(flags.root);
    return follow(context, {
      query: { topic, root, match, ignore, since, snapshot, name: 'agent-cli tail' },
      format: context.json ? 'json' : (flags.format ?? 'readable'),
      limit,
      revive: agentReviver(context, { noStart }),
    });
  },
});
