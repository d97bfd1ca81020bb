import { readFileSync } from 'node:fs';
import { cliCommand } from '../agent-failure.ts';
import { defineCommand } from '../command.ts';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';

export const url = defineCommand({
  name: 'url',
  operands: '',
  summary: 'Print the loopback URL with the token in it, for a script or a browser',
  details:
    'Whoever has this URL can do what you can do with the agent: keep it out of logs. --json has the token, the origin and the path of the socket apart.',
  examples: [
    ['open "$(agent-cli url)"', 'open it in a browser'],
    ['curl "$(agent-cli url --json | jq -r .origin)/healthz"', 'ask whether the agent is ready'],
    [
      'curl --unix-socket "$(agent-cli url --json | jq -r .socket)" http://localhost/v1/status',
      'the same API at its socket, where no token is needed',
    ],
  ],
  flags: {},
  async run(_flags, _operands, { connection, output, json }) {
    const { instance } = connection;
    const status = await connection.status();
    let token: string;
    try {
      token = readFileSync(instance.tokenFile, 'utf8').trim();
    } catch (error) {
      throw new CliError(
        exitCodes.failed,
        `the token can't be read: ${error instanceof Error ? error.message : String(error)}`,
        {
          cause: error,
          hint: `if the agent runs with another AGENT_STATE_DIR, set the same here; else restart it: ${cliCommand(instance, 'restart')}`,
        },
      );
    }
    const address = new URL('/', status.url);
    address.searchParams.set('token', token);
    if (json) {
      const { href, origin } = address;
      output.json(JSON.stringify({ url: href, origin, token, socket: instance.socket }));
    } else output.result(address.href);
    return exitCodes.done;
  },
});
