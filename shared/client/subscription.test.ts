import { describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/wait.ts';
import type { HelloFrame, ServerFrame } from '../protocol.ts';
import type { AgentEvent } from './events.ts';
import { Subscription } from './subscription.ts';
import type { SocketListener, Wire } from './wire.ts';

const hello: HelloFrame = {
  type: 'hello',
  protocol: 1,
  version: '0.1.0',
  client: 'c1',
  cursor: 'e:1',
  head: 'e:1',
  oldest: 'e:1',
  resumed: false,
  roots: ['/a'],
};

/** The agent's end of a wire without a platform. */
class Connections implements Wire {
  readonly absence = 'nobody';
  /** What was asked for, by connection. */
  readonly queries: URLSearchParams[] = [];
  #listener: SocketListener | undefined;

  async request(): Promise<never> {
    throw new Error('nobody asks');
  }

  open(path: string, listener: SocketListener): { send(): void; close(): void } {
    this.queries.push(new URL(path, 'ws://x').searchParams);
    this.#listener = listener;
    return { send: () => {}, close: () => {} };
  }

  /** Waits for the connection of this number, and begins it. */
  async begin(number: number, frame: ServerFrame = hello): Promise<void> {
    await until('a connection', () => this.queries.length === number);
    this.#listener?.opened();
    this.send(frame);
  }

  send(frame: ServerFrame): void {
    this.#listener?.message(JSON.stringify(frame));
  }

  cut(): void {
    this.#listener?.closed({ code: 1006, reason: '' });
  }
}

function message(cursor: string): ServerFrame {
  return { type: 'message', cursor, time: 0, topic: 'message', from: 'cli', data: 'x' };
}

describe('Subscription', () => {
  it('asks again for what its listener did not take', async () => {
    const wire = new Connections();
    const taken: string[] = [];
    let fails = true;
    const event = (it: AgentEvent): void => {
      if (it.type !== 'message') return;
      if (fails && it.cursor === 'e:3') throw new Error('not taken');
      taken.push(it.cursor);
    };
    const subscription = new Subscription(wire, { name: 'x' }, { event, ended: () => {} });
    await wire.begin(1);
    wire.send(message('e:2'));
    expect(() => wire.send(message('e:3'))).toThrow('not taken');
    wire.cut();
    fails = false;
    await wire.begin(2, { ...hello, resumed: true });
    expect(wire.queries[1]?.get('since')).toBe('e:2');
    wire.send(message('e:3'));
    wire.cut();
    await until('another connection', () => wire.queries.length === 3);
    expect(wire.queries[2]?.get('since')).toBe('e:3');
    expect(taken).toEqual(['e:2', 'e:3']);
    subscription.stop();
  });

  it('says with the last piece of the last root that a snapshot is whole, and asks again when that was not taken', async () => {
    const wire = new Connections();
    const taken: boolean[] = [];
    const event = (it: AgentEvent): void => {
      if (it.type !== 'snapshot') return;
      taken.push(it.whole);
      if (it.whole) throw new Error('not taken');
    };
    const query = { name: 'x', snapshot: true };
    const subscription = new Subscription(wire, query, { event, ended: () => {} });
    await wire.begin(1, { ...hello, roots: ['/a', '/b'] });
    for (const [root, done] of [
      ['/a', false],
      ['/a', true],
      ['/b', false],
    ] as const)
      wire.send({ type: 'snapshot', root, files: [], done });
    expect(() => wire.send({ type: 'snapshot', root: '/b', files: [], done: true })).toThrow('not taken');
    expect(taken).toEqual([false, false, false, true]);
    wire.cut();
    await until('another connection', () => wire.queries.length === 2);
    expect(wire.queries[1]?.has('since')).toBe(false);
    subscription.stop();
  });

  it('hands on the text of a frame as it came, and none with what it says itself', async () => {
    const wire = new Connections();
    const texts: [AgentEvent['type'], string][] = [];
    const subscription = new Subscription(
      wire,
      { name: 'x' },
      { event: (it, text) => texts.push([it.type, text]), ended: () => {} },
    );
    await wire.begin(1);
    wire.send(message('e:2'));
    wire.cut();
    await until('the loss', () => texts.length === 3);
    expect(texts).toEqual([
      ['connected', JSON.stringify(hello)],
      ['message', JSON.stringify(message('e:2'))],
      ['lost', ''],
    ]);
    subscription.stop();
  });

  it('ends a barrier before it hands on what comes after it', async () => {
    const wire = new Connections();
    const order: string[] = [];
    const subscription = new Subscription(
      wire,
      { name: 'x' },
      { event: (it) => order.push(it.type), ended: () => {} },
    );
    await wire.begin(1);
    subscription.sync(
      (cursor) => order.push(cursor),
      () => order.push('failed'),
    );
    wire.send({ type: 'synced', id: 1, cursor: 'e:1' });
    wire.send(message('e:2'));
    expect(order).toEqual(['connected', 'e:1', 'message']);
    subscription.stop();
  });
});
