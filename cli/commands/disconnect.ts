import { visibleText } from '../../shared/index.ts';
import { cliCommand } from '../agent/index.ts';
import { defineCommand, forEachOperand, withHint } from '../line/index.ts';

export const disconnect = defineCommand({
  name: 'disconnect',
  operands: 'ID...',
  summary: 'Disconnect clients, by their ids',
  details: 'A client that was not made to stay away may connect again, under another id.',
  examples: [
    ['agent-cli disconnect c7', 'disconnect one'],
    [
      `agent-cli clients --json | jq -r '.[] | select(.name == "vite").id' | xargs agent-cli disconnect`,
      'all of one name',
    ],
  ],
  flags: {},
  run(_flags, operands, { connection, output, json }) {
    const hint = `see: ${cliCommand(connection.instance, 'clients')}`;
    return forEachOperand(operands, 'ID', output, async (id) => {
      try {
        const path = `/v1/clients/${encodeURIComponent(id)}`;
        const client = await connection.request<{ id: string }>({ method: 'DELETE', path });
        if (json) output.json(JSON.stringify(client));
        else output.result(visibleText(`disconnected ${client.id}`));
      } catch (error) {
        throw withHint(error, 'unknown_client', hint);
      }
    });
  },
});
