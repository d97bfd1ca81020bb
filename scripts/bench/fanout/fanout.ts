// Messages to all clients: what a delivery costs the server, and how soon the last client has it.
import { setTimeout as delay } from 'node:timers/promises';
import { cpuMs, residentMB } from '../../../test/support/procfs.ts';
import type { Amounts } from './options.ts';
import { Publishers } from './publishers.ts';
import type { Phase, Round } from './results.ts';
import type { Server } from './server.ts';
import type { Swarm } from './swarm.ts';

/** How many send at once in a burst. */
export const senders = 64;
/** Before what is counted: code is compiled, and buffers have grown. */
const warmUpMessages = 150;
/** Until memory is looked at: connections made are not all garbage of making them. */
const restMs = 1000;
/** With more clients fewer messages are as many deliveries. */
const usualClients = 1000;
const bytesPerKiB = 1024;

/** Starts a server and measures it with `clients`, as the round of that number. */
export async function measureFanout(
  swarm: Swarm,
  server: Server,
  clients: number,
  { messages, bursts }: Amounts,
  number: number,
): Promise<Round> {
  const running = await server.start();
  try {
    const publishers = await Publishers.open(server, running, senders);
    await delay(restMs);
    const beforeMB = residentMB(running.pid);
    await swarm.open(running.clients, clients);
    await delay(restMs);
    const idleKiB = ((residentMB(running.pid) - beforeMB) * 1e6) / bytesPerKiB / clients;
    const scale = Math.min(1, usualClients / clients);
    await sendSingly(swarm, publishers, warmUpMessages);
    await sendBursts(swarm, publishers, 1);
    const phase = async (send: () => Promise<number[]>): Promise<Phase> => {
      const cpuBeforeMs = cpuMs(running.pid);
      const startedMs = performance.now();
      const latenciesMs = await send();
      const seconds = (performance.now() - startedMs) / 1000;
      // The last client may have a message before the server is done with it.
      await delay(50);
      const used = cpuMs(running.pid) - cpuBeforeMs;
      return { deliveries: latenciesMs.length * clients, cpuMs: used, seconds, latenciesMs };
    };
    const single = await phase(() => sendSingly(swarm, publishers, Math.ceil(messages * scale)));
    const inBursts = await phase(() => sendBursts(swarm, publishers, Math.ceil(bursts * scale)));
    publishers.close();
    return { number, idleKiB, single, bursts: inBursts };
  } finally {
    await swarm.close();
    await running.stop();
  }
}

/** Sends each message when all clients have got the one before; gives the latencies in ms. */
export async function sendSingly(swarm: Swarm, publishers: Publishers, messages: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (let sent = 0; sent < messages; sent++) {
    publishers.single();
    latenciesMs.push(...(await swarm.delivered(1)));
  }
  return latenciesMs;
}

/** Has all senders send at once, again and again when all clients have got what they sent. */
export async function sendBursts(
  swarm: Swarm,
  publishers: Publishers,
  bursts: number,
  bytes?: number,
): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (let sent = 0; sent < bursts; sent++) {
    publishers.burst(bytes);
    latenciesMs.push(...(await swarm.delivered(senders)));
  }
  return latenciesMs;
}
