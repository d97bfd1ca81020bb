import { agentWords } from '../agent-start.ts';
import { defineCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

export const stop = defineCommand({
  name: 'stop',
  operands: '',
  summary: 'Stop the agent and wait until it is gone',
  examples: [
    ['agent-cli stop', 'stop the agent'],
    ['agent-cli stop --name ci', 'stop the one called ci'],
  ],
  flags: {},
  async run(_flags, _operands, context) {
    const { connection, output, json } = context;
    const { pid } = await connection.status();
    const { shutDownAgent } = await import('../process/index.ts');
    await shutDownAgent(connection, pid);
    if (json) output.json(JSON.stringify({ name: connection.instance.name, pid, stopped: true }));
    else output.result(`stopped ${agentWords(context, pid)}`);
    return exitCodes.done;
  },
});
