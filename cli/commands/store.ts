import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { switchFlag } from '../../shared/flags/index.ts';
import { formatBytes, type InstancePaths, processExists, type StoreStatus } from '../../shared/index.ts';
import { cliCommand, requirePrivateState } from '../agent/index.ts';
import { type CommandContext, defineCommand } from '../line/index.ts';
import { CliError, exitCodes, NoAgentError } from '../outcome/index.ts';

/** What the store is in few words. */
function describeStore(store: StoreStatus | null | undefined): string {
  if (store == null) return 'none: cursors end with the agent';
  if (store.degraded !== null) return `not used: ${store.degraded}`;
  const epoch = store.restored ? 'cursors from before the start are valid' : 'begun anew at the start';
  return `${store.path}, ${formatBytes(store.bytes)}, ${epoch}`;
}

async function show({ connection, output, json }: CommandContext): Promise<void> {
  const { store } = await connection.status();
  if (json) output.json(JSON.stringify(store ?? null));
  else output.result(describeStore(store));
}

/** The process of this machine that has the store, if it runs. */
function ownerOf(directory: string): number | undefined {
  try {
    const owner = JSON.parse(readFileSync(join(directory, 'lock'), 'utf8')) as {
      pid?: unknown;
      host?: unknown;
    };
    const isHere = owner.host === hostname() && Number.isSafeInteger(owner.pid);
    return isHere && processExists(Number(owner.pid)) ? Number(owner.pid) : undefined;
  } catch {
    // Nobody has it, or what is there is no lock of ours.
    return undefined;
  }
}

async function isRunning(context: CommandContext): Promise<boolean> {
  try {
    await context.connection.status();
    return true;
  } catch (error) {
    if (error instanceof NoAgentError) return false;
    throw error;
  }
}

function listed(directory: string): boolean {
  try {
    readdirSync(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new CliError(exitCodes.failed, `${directory} can't be read`, { cause: error });
  }
}

async function clear(instance: InstancePaths, context: CommandContext): Promise<void> {
  const { storeDirectory } = instance;
  requirePrivateState(instance);
  const owner = ownerOf(storeDirectory);
  if (owner !== undefined || (await isRunning(context))) {
    throw new CliError(
      exitCodes.failed,
      owner === undefined
        ? `the agent "${instance.name}" is running`
        : `the process ${owner} is using ${storeDirectory}`,
      { hint: `stop it first: ${cliCommand(instance, 'stop')}` },
    );
  }
  const wasThere = listed(storeDirectory);
  rmSync(storeDirectory, { recursive: true, force: true });
  const { output, json } = context;
  if (json) output.json(JSON.stringify({ path: storeDirectory, removed: wasThere }));
  else output.result(wasThere ? `removed ${storeDirectory}` : `there is no ${storeDirectory}`);
}

export const store = defineCommand({
  name: 'store',
  operands: '',
  summary: 'Show what the agent keeps on disk, or remove it',
  details:
    'The store holds the newest events, messages included, what is known of the watched directories, and the named cursors. It keeps cursors valid over a restart of the agent. After --clear the next agent begins a new epoch.',
  examples: [
    ['agent-cli store', 'see where it is and how large'],
    ['agent-cli stop && agent-cli store --clear', 'remove it, with all messages in it'],
  ],
  flags: { clear: switchFlag('Remove it; no agent may be running') },
  withoutAgent: true,
  async run({ clear: isWanted }, _operands, context) {
    await (isWanted ? clear(context.connection.instance, context) : show(context));
    return exitCodes.done;
  },
});
