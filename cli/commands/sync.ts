import { durationFlag } from '../../shared/flags/index.ts';
import type { SyncAnswer } from '../../shared/index.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes } from '../outcome/index.ts';

/** The agent's own, said to it all the same: the two sides then agree on it. */
const defaultTimeoutMs = 10_000;

export const sync = defineCommand({
  name: 'sync',
  operands: '',
  summary: 'Wait until the agent has told every file change made before, and print its cursor',
  examples: [
    ['agent-cli sync && make', 'do not build before everybody knows what is new'],
    ['at=$(agent-cli sync)', 'a place in the journal, to go on from with --since'],
  ],
  flags: {
    timeout: durationFlag(`Exit 4 if it takes longer than this many ms (default: ${defaultTimeoutMs})`, 1),
  },
  timeLimitMs: ({ timeout = defaultTimeoutMs }) => timeout,
  async run({ timeout = defaultTimeoutMs }, _operands, { connection, output, json }) {
    const answer = await connection.request<SyncAnswer>({
      method: 'POST',
      path: `/v1/sync?timeout=${timeout}`,
    });
    if (json) output.json(JSON.stringify(answer));
    else output.result(answer.cursor);
    return exitCodes.done;
  },
});
