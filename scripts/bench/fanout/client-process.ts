// A process of many clients. It reports what all of them have got, not what each got: that would cost more
// than the server.
import type { Socket } from 'node:net';
import { monotonicMs } from '../support/clock.ts';
import { openClient } from './counting-client.ts';
import type { OnText } from './frames.ts';
import { type Delivered, type News, type Order, timeMark } from './swarm-protocol.ts';

/** Connections in the making at once: below every server's backlog. */
const openedAtOnce = 25;
/** More messages are never under way. */
const slots = 65_536;
const mark = timeMark.charCodeAt(0);

let sockets: Socket[] = [];
let delivered: Delivered[] = [];

function tell(news: News): void {
  process.send?.(news);
}

/** Reports each message that the last client has got. */
function counterOfAll(clients: number): () => OnText {
  const arrived = new Uint32Array(slots);
  return () => {
    let ordinal = 0;
    return (buffer, start, end) => {
      const slot = ordinal++ % slots;
      const count = (arrived[slot] as number) + 1;
      arrived[slot] = count < clients ? count : 0;
      if (count === clients) report(buffer.subarray(start, end));
    };
  };
}

function report(payload: Buffer): void {
  const from = payload.indexOf(mark) + 1;
  const sentMs = Number(payload.toString('latin1', from, payload.indexOf(mark, from)));
  if (delivered.push([sentMs, monotonicMs()]) > 1) return;
  // Those of one turn go together.
  setImmediate(() => {
    tell({ type: 'delivered', messages: delivered });
    delivered = [];
  });
}

/** Reports when every client has got `expect` messages. */
function counterOfEnd(clients: number, expect: number): () => OnText {
  let complete = 0;
  let bytes = 0;
  return () => {
    let messages = 0;
    return (_, start, end) => {
      bytes += end - start;
      messages += 1;
      if (messages === expect && ++complete === clients)
        tell({ type: 'complete', lastMs: monotonicMs(), bytes });
    };
  };
}

async function open({ endpoint, clients, expect }: Extract<Order, { type: 'open' }>): Promise<void> {
  const counter = expect === undefined ? counterOfAll(clients) : counterOfEnd(clients, expect);
  const firstMs = monotonicMs();
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < clients) {
      begun += 1;
      sockets.push(await openClient(endpoint, counter()));
    }
  };
  await Promise.all(Array.from({ length: openedAtOnce }, worker));
  for (const socket of sockets) socket.once('close', lost);
  tell({ type: 'opened', firstMs });
}

function lost(): void {
  tell({ type: 'failed', why: 'the server closed a connection' });
}

async function close(): Promise<void> {
  const closed = sockets.map(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.off('close', lost);
        socket.once('close', () => resolve());
        if (socket.closed) resolve();
        socket.destroy();
      }),
  );
  sockets = [];
  await Promise.all(closed);
  tell({ type: 'closed' });
}

process.on('message', (order: Order) => {
  const done = order.type === 'open' ? open(order) : close();
  done.catch((error: Error) => tell({ type: 'failed', why: error.message }));
});
// No client outlives the run, however that ends.
process.on('disconnect', () => process.exit());
tell({ type: 'started' });
