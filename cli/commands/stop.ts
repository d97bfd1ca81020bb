import { missingAgent } from '../agent/index.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes } from '../outcome/index.ts';
import { agentWords } from '../start/index.ts';

export const stop = defineCommand({
  name: 'stop',
  operands: '',
  summary: 'Stop the agent and wait until it is gone',
  details:
    'One that does not answer within 5 s is ended by SIGTERM, and by SIGKILL if it is still there 5 s later. That takes a system that tells which process has the socket, as Linux does; elsewhere the command to end it is shown.',
  examples: [
    ['agent-cli stop', 'stop the agent'],
    ['agent-cli stop --name ci', 'stop the one called ci'],
  ],
  flags: {},
  endsSilentAgents: true,
  async run(_flags, _operands, context) {
    const { connection, output, json } = context;
    const { describeEnding, endAgent, findAgent } = await import('../process/index.ts');
    const agent = await findAgent(connection);
    if (agent === undefined) throw missingAgent(connection.instance);
    const { pid } = agent;
    const note = describeEnding(await endAgent(connection, agent));
    if (note !== undefined) output.note(note);
    if (json) output.json(JSON.stringify({ name: connection.instance.name, pid, stopped: true }));
    else output.result(`stopped ${agentWords(context, pid)}`);
    return exitCodes.done;
  },
});
