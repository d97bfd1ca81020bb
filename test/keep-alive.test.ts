// A client that has silently gone is found out by pings; one that answers them stays. The agent runs in
// this process, with shorter times than the protocol's.
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { Agent } from '../agent/agent.ts';
import { parseConfig } from '../agent/config.ts';
import type { Log, LogFields, LogLevel } from '../agent/log.ts';
import { type InstancePaths, instancePaths } from '../shared/index.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { connectRaw } from './support/raw-client.ts';
import { until } from './support/wait.ts';

const keepAlive = { pingMs: 50, closeAnswerMs: 200 };

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
async function startInProcess(): Promise<{ paths: InstancePaths; log: RecordingLog }> {
  const config = await parseConfig([temporaryDirectory(), '--port', '0'], {}, process.cwd());
  if ('help' in config || 'version' in config) throw new Error('no configuration');
  const directory = temporaryDirectory();
  const paths = instancePaths(config.name, {
    AGENT_RUNTIME_DIR: join(directory, 'run'),
    AGENT_STATE_DIR: join(directory, 'state'),
  });
  const log = new RecordingLog();
  const agent = new Agent(config, paths, log, keepAlive);
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
