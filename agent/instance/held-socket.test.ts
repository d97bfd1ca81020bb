import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { probeSocket } from '../../shared/index.ts';
import { HeldSocket } from './held-socket.ts';

describe('HeldSocket', () => {
  let directory: string;
  let path: string;
  let servers: Server[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'devagent-held-'));
    path = join(directory, 'x.sock');
    servers = [];
  });
  afterEach(() => {
    for (const server of servers) server.close();
    rmSync(directory, { recursive: true });
  });

  async function listening(): Promise<Server> {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return server;
  }
  const hold = async (): Promise<HeldSocket> => new HeldSocket(await listening(), path);

  it('removes its own socket', async () => {
    const held = await hold();
    expect(held.state()).toBe('own');
    await held.close();
    expect(held.state()).toBe('gone');
    expect(readdirSync(directory)).toEqual([]);
    const abandoned = await hold();
    abandoned.abandon();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('has none any more when it was removed', async () => {
    const held = await hold();
    rmSync(path);
    expect(held.state()).toBe('gone');
    await held.close();
    held.abandon();
    rmSync(directory, { recursive: true });
    expect(held.state()).toBe('gone');
    writeFileSync(directory, '');
    expect(held.state()).toBe('gone');
  });

  it('leaves the socket of another alone, which goes on listening', async () => {
    const held = await hold();
    rmSync(path);
    await listening();
    expect(held.state()).toBe('other');
    const { ino } = lstatSync(path);
    held.abandon();
    await held.close();
    expect(lstatSync(path).ino).toBe(ino);
    expect(await probeSocket(path, 1_000)).toBe('live');
    expect(readdirSync(directory)).toEqual(['x.sock']);
  });

  it('leaves a file of another alone', async () => {
    const held = await hold();
    rmSync(path);
    writeFileSync(path, 'mine');
    held.abandon();
    await held.close();
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(existsSync(path)).toBe(true);
  });
});
