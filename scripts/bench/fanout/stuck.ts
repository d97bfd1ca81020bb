// A client that stops reading among many that read: what it does to them, and to the server's memory.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { residentMB } from '../../../test/support/procfs.ts';
import type { Bench } from '../support/bench.ts';
import { median } from '../support/numbers.ts';
import { upgradeRequest } from './counting-client.ts';
import { sendBursts, senders, sendSingly } from './fanout.ts';
import { Publishers } from './publishers.ts';
import type { Stuck } from './results.ts';
import type { Endpoint, Server } from './server.ts';
import type { Swarm } from './swarm.ts';

/**
 * Twice what the journal holds, in large messages to a few clients: small ones to a thousand would be
 * gigabytes before the kernel's buffers of the stuck client are full.
 */
const fillBytes = 32 * 2 ** 20;
const fillMessageBytes = 16_384;
const fillClients = 4;
const warmUpMessages = 30;

/** What is to be measured. */
interface Plan {
  readonly stuck: boolean;
  readonly clients: number;
  readonly messages: number;
}

/**
 * Measures a server with one stuck client and without, alternately: memory depends on when garbage was
 * collected last, so that the median of some starts says more than one. Gives first the one without.
 */
export async function measureStuck(
  bench: Bench,
  swarm: Swarm,
  server: Server,
  amounts: { clients: number; messages: number; starts: number },
): Promise<Stuck[]> {
  const measured: Stuck[] = [];
  for (let start = 0; start < amounts.starts; start++) {
    for (const stuck of [false, true]) {
      measured.push(await measureStart(bench, swarm, server, { ...amounts, stuck }));
    }
  }
  return [false, true].map((stuck) => {
    const own = measured.filter((each) => each.stuck === stuck);
    return {
      server,
      stuck,
      latenciesMs: own.flatMap(({ latenciesMs }) => latenciesMs),
      residentMB: median(own.map(({ residentMB }) => residentMB)),
      grownMB: median(own.map(({ grownMB }) => grownMB)),
    };
  });
}

async function measureStart(
  bench: Bench,
  swarm: Swarm,
  server: Server,
  { stuck, clients, messages }: Plan,
): Promise<Stuck> {
  const running = await server.start();
  let socket: Socket | undefined;
  try {
    const publishers = await Publishers.open(server, running, senders);
    const beforeMB = residentMB(running.pid);
    if (stuck) socket = await connectStuck(bench, running.clients);
    await swarm.open(running.clients, fillClients);
    await sendBursts(swarm, publishers, fillBytes / fillMessageBytes / senders, fillMessageBytes);
    await swarm.close();
    await swarm.open(running.clients, clients);
    await sendSingly(swarm, publishers, warmUpMessages);
    const latenciesMs = await sendSingly(swarm, publishers, messages);
    await delay(500);
    const endMB = residentMB(running.pid);
    publishers.close();
    return { server, stuck, latenciesMs, residentMB: endMB, grownMB: endMB - beforeMB };
  } finally {
    socket?.destroy();
    await swarm.close();
    await running.stop();
  }
}

/** Shakes hands, and never reads. */
async function connectStuck({ cleanups }: Bench, endpoint: Endpoint): Promise<Socket> {
  const socket = connect({ port: endpoint.port, host: '127.0.0.1' });
  cleanups.add(() => void socket.destroy());
  await once(socket, 'connect');
  socket.pause();
  // Whether the server ends it does not matter here.
  socket.on('error', () => {});
  socket.write(upgradeRequest(endpoint));
  await delay(200);
  return socket;
}
