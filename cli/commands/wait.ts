import { durationFlag } from '../../shared/flags/index.ts';
import { defineCommand } from '../line/index.ts';
import { rootsHere } from '../paths/index.ts';
import { agentReviver, ensureAgent, startFlags } from '../start/index.ts';
import { filterFlags, formatFlag, printFormat, streamQuery } from './stream-flags.ts';

export const wait = defineCommand({
  name: 'wait',
  operands: '',
  summary: 'Wait for the next file change or message, and print it',
  details:
    'With --root, --match, --ignore or --ignored, and no --topic, it waits for a change of a file. A --match glob that names an ignored place, as dist/**, brings it in. To wait for what a command does, take the cursor before it: see the examples.',
  examples: [
    ['agent-cli wait', 'until anything happens'],
    [`agent-cli wait --match 'dist/**' --timeout 30000`, 'until a file is built, half a minute at most'],
    ['agent-cli wait --topic build.done --format text', 'until a message comes; print its text'],
    [
      `at=$(agent-cli sync); make & agent-cli wait --since "$at" --match 'lib/**'`,
      'miss nothing that happens before it waits',
    ],
  ],
  flags: {
    ...filterFlags,
    timeout: durationFlag(
      'Exit 4 if nothing came within this many ms, counted from the start of the command',
      1,
    ),
    format: formatFlag,
    ...startFlags,
  },
  timeLimitMs: ({ timeout }) => timeout,
  async run(flags, _operands, context) {
    const format = printFormat(context.json, flags.format);
    const query = streamQuery(flags, 'agent-cli wait');
    const isAboutFiles =
      query.root !== undefined || flags.ignored || flags.match.length > 0 || flags.ignore.length > 0;
    const noStart = flags['no-start'];
    await ensureAgent(context, { noStart, roots: rootsHere() });
    const { waitForEvent } = await import('../stream/index.ts');
    return waitForEvent(context, {
      // Globs bear on file changes alone; a message would otherwise pass them.
      query: isAboutFiles && flags.topic.length === 0 ? { ...query, topic: ['file'] } : query,
      format,
      revive: agentReviver(context, { noStart }),
    });
  },
});
