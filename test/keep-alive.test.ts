// A client that has silently gone is found out by pings; one that answers them stays. The agent runs in
// this process, with shorter times than the protocol's.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { Agent } from '../agent/agent.ts';
import { parseConfig } from '../agent/config/index.ts';
import type { Log, LogFields, LogLevel } from '../agent/log/index.ts';
import { type InstancePaths, instancePaths, limits } from '../shared/index.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { connectRaw } from './support/raw-client.ts';
import { until } from './support/wait.ts';

type KeepAlive = NonNullable<ConstructorParameters<typeof Agent>[3]>;

const keepAlive: KeepAlive = { ...limits, pingMs: 50, closeAnswerMs: 200 };
/** Clients are looked at once a second. */
const stalledMs = 1_500;

interface Entry {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** A log that keeps its entries. */
class RecordingLog implements Log {
  readonly entries: Entry[];
  private readonly fields: LogFields;

  constructor(entries: Entry[] = [], fields: LogFields = {}) {
    this.entries = entries;
    this.fields = fields;
  }

  error(event: string, fields?: LogFields): void {
    this.add('error', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.add('warn', event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.add('info', event, fields);
  }

  debug(event: string, fields?: LogFields): void {
    this.add('debug', event, fields);
  }

  isDebug(): boolean {
    return true;
  }

  child(fields: LogFields): Log {
    return new RecordingLog(this.entries, { ...this.fields, ...fields });
  }

  async close(): Promise<void> {}

  /** The entries of this event, about this client. */
  about(event: string, client: string): LogFields[] {
    return this.entries
      .filter((entry) => entry.event === event && entry.fields['client'] === client)
      .map(({ fields }) => fields);
  }

  private add(level: LogLevel, event: string, fields: LogFields = {}): void {
    this.entries.push({ level, event, fields: { ...this.fields, ...fields } });
  }
}

/** Starts an agent in this process, and stops it after the test. */
async function startInProcess(times = keepAlive): Promise<{ paths: InstancePaths; log: RecordingLog }> {
  const parsed = await parseConfig([temporaryDirectory(), '--port', '0'], {}, process.cwd());
  if (typeof parsed === 'string') throw new Error('no configuration');
  const { config } = parsed;
  const directory = temporaryDirectory();
  const paths = instancePaths(config.name, {
    AGENT_RUNTIME_DIR: join(directory, 'run'),
    AGENT_STATE_DIR: join(directory, 'state'),
  });
  const log = new RecordingLog();
  const agent = new Agent(config, paths, log, times);
  cleanUpWith(() => agent.stop('the test is over'));
  await agent.start();
  return { paths, log };
}

/** A client that answers pings, and counts them. */
async function connectAnswering(paths: InstancePaths): Promise<{ ws: WebSocket; pings: () => number }> {
  const ws = new WebSocket(`ws+unix:${paths.socket}:/v1/events`);
  let pings = 0;
  ws.on('ping', () => {
    pings += 1;
  });
  cleanUpWith(() => ws.terminate());
  await once(ws, 'message');
  return { ws, pings: () => pings };
}

describe('the keep-alive', () => {
  it('removes a client that answers no ping, logs that once, and keeps the others', async () => {
    const { paths, log } = await startInProcess();
    const answering = await connectAnswering(paths);
    const silent = await connectRaw(paths.socket, 'name=silent');
    const alsoAnswering = await connectAnswering(paths);
    const id = String(silent.texts[0]?.['client']);

    await until('the silent client to be cut off', () => silent.ended);
    // It had its two chances.
    expect(silent.pings).toBe(2);
    expect(silent.closeCodes).toEqual([]);
    await until('that to be logged', () => log.about('client left', id).length > 0);

    const seen = answering.pings();
    await until('the others to be asked again', () => answering.pings() > seen + 3);
    expect(answering.ws.readyState).toBe(WebSocket.OPEN);
    expect(alsoAnswering.ws.readyState).toBe(WebSocket.OPEN);
    expect(alsoAnswering.pings()).toBeGreaterThan(3);
    expect(log.about('client left', id)).toEqual([
      expect.objectContaining({
        client: id,
        name: 'silent',
        address: 'local',
        reason: 'no answer to pings',
        clients: 2,
      }),
    ]);
    expect(log.entries.filter(({ event }) => event === 'client left')).toHaveLength(1);
  });

  it('takes anything that a client sends for a sign of life', async () => {
    const { paths, log } = await startInProcess();
    const ws = new WebSocket(`ws+unix:${paths.socket}:/v1/events`, { autoPong: false });
    cleanUpWith(() => ws.terminate());
    let pings = 0;
    ws.on('ping', () => {
      pings += 1;
      ws.send(JSON.stringify({ type: 'sync', id: pings }));
    });
    await until('more pings than one may leave unanswered', () => pings > 5);
    expect(ws.readyState).toBe(WebSocket.OPEN);

    ws.removeAllListeners('ping');
    const [code] = (await once(ws, 'close')) as [number];
    expect(code).toBe(1006);
    await until('that to be logged', () => log.entries.some(({ event }) => event === 'client left'));
  });

  it('removes a client that has stopped reading as well', async () => {
    const { paths, log } = await startInProcess();
    const stuck = await connectRaw(paths.socket, 'name=stuck');
    const id = String(stuck.texts[0]?.['client']);
    stuck.pause();
    await until('it to be removed', () => log.about('client left', id).length > 0);
    expect(log.about('client left', id)).toEqual([
      expect.objectContaining({ name: 'stuck', reason: 'no answer to pings' }),
    ]);
    stuck.resume();
    await until('its connection to end', () => stuck.ended);
  });
});

describe('a stream over HTTP on which nothing happens', () => {
  it.each([
    ['text/event-stream', '', ':\n\n'],
    ['*/*', '', '\n'],
    ['*/*', '?format=text', '\n'],
  ])('for %s%s gets a sign of life again and again, which is no event', async (accept, query, sign) => {
    const { paths } = await startInProcess({ ...limits, commentMs: 20 });
    const request = get({ socketPath: paths.socket, path: `/v1/events${query}`, headers: { accept } });
    cleanUpWith(() => void request.destroy());
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    response.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    await until('five of them', () => text.endsWith(sign.repeat(5)));
    const others = text.split('\n').filter((line) => line !== '' && line !== ':');
    const hello = /^(?:retry: \d+|id: .*|(?:data: )?\{"type":"hello",.*\})$/;
    expect(others.filter((line) => !hello.test(line))).toEqual([]);
  });
});

describe('a client that takes nothing for too long', () => {
  /** Publishes until the socket of each client is full, and the agent holds more for it. */
  async function fillUp(socketPath: string, lagging: number): Promise<void> {
    const publisher = new WebSocket(`ws+unix:${socketPath}:/v1/events?topic=none`);
    cleanUpWith(() => publisher.terminate());
    await once(publisher, 'message');
    const data = 'x'.repeat(100_000);
    let counted = 0;
    while (counted < lagging) {
      publisher.send(JSON.stringify({ type: 'publish', id: 1, data }));
      const [answer] = (await once(publisher, 'message')) as [Buffer];
      counted = (JSON.parse(String(answer)) as { lagging: number }).lagging;
    }
    // And a good deal more, all at once.
    for (let n = 0; n < 40; n++) publisher.send(JSON.stringify({ type: 'publish', id: 2, data }));
    let answers = 0;
    publisher.on('message', () => {
      answers += 1;
    });
    await until('all of it to be published', () => answers === 40);
  }

  it('is closed, a WebSocket with 1013; one that takes a little now and then is not', async () => {
    const { paths, log } = await startInProcess({ ...limits, closeAnswerMs: 10_000, stalledMs });
    const stuck = await connectRaw(paths.socket, 'name=stuck');
    const slow = await connectRaw(paths.socket, 'name=slow');
    const lines = connectSocket(paths.socket);
    cleanUpWith(() => void lines.destroy());
    lines.write('GET /v1/events?name=lines HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(lines, 'data');
    for (const socket of [stuck.socket, slow.socket, lines]) socket.pause();
    await fillUp(paths.socket, 3);
    let taken = 0;
    const trickle = setInterval(() => {
      if (slow.socket.read() !== null) taken += 1;
    }, 150);
    cleanUpWith(() => clearInterval(trickle));

    const stalled = (): unknown[] =>
      log.entries.filter(({ event }) => event === 'client stalled').map(({ fields }) => fields['name']);
    await until('the two to be found out', () => stalled().length >= 2);
    expect(stalled().sort()).toEqual(['lines', 'stuck']);
    const ahead = log.entries
      .filter(({ event }) => event === 'client stalled')
      .map(({ fields }) => Number(fields['unsentBytes']));
    // What is handed to a socket is a mebibyte, and the message that is on its way by then.
    expect(Math.max(...ahead)).toBeLessThan(limits.sendAheadBytes + 101_000);
    expect(Math.min(...ahead)).toBeGreaterThan(0);
    stuck.resume();
    await until('the end of the one', () => stuck.closeCodes.length > 0);
    expect(stuck.closeCodes).toEqual([1013]);
    lines.resume();
    await once(lines, 'close');
    await until('the other to be gone', () =>
      log.entries.some(({ event, fields }) => event === 'client left' && fields['name'] === 'lines'),
    );
    expect([taken > 0, slow.ended]).toEqual([true, false]);
  });
});
