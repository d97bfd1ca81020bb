import { switchFlag } from '../../shared/flags/index.ts';
import { type InstancePaths, readTokenFile } from '../../shared/index.ts';
import { cliCommand, requirePrivateState } from '../agent/index.ts';
import { type CommandContext, defineCommand } from '../line/index.ts';
import { CliError, type ExitCode, exitCodes, RefusedError } from '../outcome/index.ts';
import { showInBrowser } from '../screen/index.ts';

export const url = defineCommand({
  name: 'url',
  operands: '',
  summary: 'Open the dashboard, or print the loopback URL with the token in it for a script',
  details:
    'With --open it makes a link that opens the dashboard once, within a minute, prints it and shows it in the browser, which is let in for 12 hours. Without, whoever has the URL that it prints can do what you can do with the agent: keep it out of logs. --json then has the token, the origin and the path of the socket apart.',
  examples: [
    ['agent-cli url --open', 'show the dashboard in the browser'],
    ['curl "$(agent-cli url --json | jq -r .origin)/healthz"', 'ask whether the agent is ready'],
    [
      'curl --unix-socket "$(agent-cli url --json | jq -r .socket)" http://localhost/v1/status',
      'the same API at its socket, where no token is needed',
    ],
  ],
  flags: { open: switchFlag('Show the dashboard in the browser, by a link that is good once') },
  run: ({ open }, _operands, context) => (open ? openDashboard(context) : printUrl(context)),
});

async function printUrl({ connection, output, json }: CommandContext): Promise<ExitCode> {
  const { instance } = connection;
  const status = await connection.status();
  const token = tokenOf(instance);
  const address = new URL('/', status.url);
  address.searchParams.set('token', token);
  const { href, origin } = address;
  if (json) output.json(JSON.stringify({ url: href, origin, token, socket: instance.socket }));
  else output.result(href);
  return exitCodes.done;
}

function tokenOf(instance: InstancePaths): string {
  requirePrivateState(instance);
  let cause: unknown;
  try {
    const token = readTokenFile(instance.tokenFile);
    if (token !== undefined) return token;
    cause = new Error(`there is no ${instance.tokenFile}`);
  } catch (error) {
    cause = error;
  }
  throw new CliError(
    exitCodes.failed,
    `the token can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause,
      hint: `if the agent runs with another AGENT_STATE_DIR, set the same here; else restart it: ${cliCommand(instance, 'restart')}`,
    },
  );
}

async function openDashboard({ connection, output, json }: CommandContext): Promise<ExitCode> {
  let link: { readonly url: string; readonly expiresInMs: number };
  try {
    link = await connection.request({ method: 'POST', path: '/v1/links' });
  } catch (error) {
    if (!(error instanceof RefusedError && error.code === 'not_found')) throw error;
    throw new CliError(exitCodes.failed, 'the agent is of a version without a dashboard', {
      cause: error,
      hint: `restart it as this one: ${cliCommand(connection.instance, 'restart')}`,
    });
  }
  // First of all: where no browser can be opened it is what there is to paste.
  if (json) output.json(JSON.stringify(link));
  else output.result(link.url);
  await showInBrowser(link.url, output);
  return exitCodes.done;
}
