import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { killCommand } from '../agent-failure.ts';
import { defineCommand } from '../command.ts';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { isProcessAlive } from '../run-file.ts';

/** The agent promises to be gone within 3 s; the rest is for a machine under load. */
const stopTimeoutMs = 5_000;
/** Short beside the few tens of milliseconds that stopping takes. */
const pollMs = 10;

/**
 * Waits until an agent has given up its socket.
 * @param pid its process: if it dies without removing the socket, it is gone all the same
 * @returns false when `timeoutMs` is over first
 */
async function waitUntilGone(socket: string, pid: number, timeoutMs: number): Promise<boolean> {
  const giveUpAtMs = performance.now() + timeoutMs;
  while (existsSync(socket) && isProcessAlive(pid)) {
    if (performance.now() >= giveUpAtMs) return false;
    await delay(pollMs);
  }
  return true;
}

export const stop = defineCommand({
  name: 'stop',
  operands: '',
  summary: 'Stop the agent and wait until it is gone',
  examples: [
    ['agent-cli stop', 'stop the agent'],
    ['agent-cli stop --name ci', 'stop the one called ci'],
  ],
  flags: {},
  async run(_flags, _operands, { connection, output, json }) {
    const { name, socket } = connection.instance;
    const { pid } = await connection.status();
    await connection.request({ method: 'POST', path: '/v1/shutdown' });
    if (!(await waitUntilGone(socket, pid, stopTimeoutMs))) {
      throw new CliError(
        exitCodes.timeRanOut,
        `the agent "${name}" (pid ${pid}) was told to stop and is still there after ${stopTimeoutMs} ms`,
        { hint: `end it with: ${killCommand(connection.instance)}` },
      );
    }
    if (json) output.json(JSON.stringify({ name, pid, stopped: true }));
    else output.result(`stopped the agent "${name}" (pid ${pid})`);
    return exitCodes.done;
  },
});
