import type { RootStatus } from '../../shared/index.ts';
import { cliCommand } from '../agent/index.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes } from '../outcome/index.ts';
import { describeRoots } from './root-lines.ts';

export const roots = defineCommand({
  name: 'roots',
  operands: '',
  summary: 'List the directories that the agent watches',
  examples: [
    ['agent-cli roots', 'what is watched, and how'],
    [`agent-cli roots --json | jq -r '.[].path'`, 'their paths alone'],
  ],
  flags: {},
  async run(_flags, _operands, { connection, output, json }) {
    const answer = await connection.request<RootStatus[]>({ method: 'GET', path: '/v1/roots' });
    if (json) output.json(JSON.stringify(answer));
    else if (answer.length === 0) {
      output.note(`no directory is watched: add one with: ${cliCommand(connection.instance, 'watch DIR')}`);
    } else for (const line of describeRoots(answer, output)) output.result(line);
    return exitCodes.done;
  },
});
