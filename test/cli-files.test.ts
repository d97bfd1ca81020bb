// agent-cli files: the agent's index, for people and for pipes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { protocolVersion, version } from '../shared/index.ts';
import { binaries, runCli, startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { runCliHere } from './support/cli-here.ts';
import { startCli } from './support/cli-process.ts';
import { parseCliJson } from './support/cli-schemas.ts';
import { residentMB } from './support/procfs.ts';
import { type Place, serveHttp } from './support/socket-server.ts';
import { until } from './support/wait.ts';

const lineBreak = 10;
const pieceFiles = 100;

/** Something that answers for an agent with a root of so many files, hundreds of them. */
async function agentWithFiles(count: number, onAnswer: (response: ServerResponse) => void): Promise<Place> {
  const at = await serveHttp(async (request, response) => {
    if (request.url === '/v1/status') {
      response.end(
        JSON.stringify({ protocol: protocolVersion, version: version(), roots: [{ path: '/w' }] }),
      );
      return;
    }
    onAnswer(response);
    response.write('{"cursor":"e:1","root":"/w"}\n');
    const directory = 'directory/'.repeat(8);
    // The same ones again and again, many in one piece, as an agent sends them.
    const piece = Array.from({ length: pieceFiles }, (_, number) => {
      const record = { path: `${directory}${number}.ts`, kind: 'file', size: 1, mtime: 1795450000000.5 };
      return `${JSON.stringify(record)}\n`;
    }).join('');
    // One for all pieces: a listener each would stay until the end.
    const closed = once(response, 'close');
    for (let sent = 0; sent < count && !response.destroyed; sent += pieceFiles) {
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), closed]);
    }
    response.end();
  });
  at.writeRunFile({ pid: process.pid, version: version() });
  return at;
}

function rootWith(...names: string[]): string {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'src'));
  for (const name of names) writeFileSync(join(root, name), 'x');
  return root;
}

describe('agent-cli files', () => {
  it('lists files and links of the one root by their path in it', async () => {
    const root = rootWith('a.ts', 'src/b.ts', 'src/c.js');
    symlinkSync('a.ts', join(root, 'link'));
    const { env } = await startAgent({ roots: [root] });
    const all = await runCli(['files'], { env });
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(all.stdout.split('\n').sort()).toEqual(['', 'a.ts', 'link', 'src/b.ts', 'src/c.js']);
    const some = await runCli(['files', '--match', 'src/*.ts', '--match', 'link'], { env });
    expect(some.stdout.split('\n').sort()).toEqual(['', 'link', 'src/b.ts']);
    expect(await runCli(['files', '--match', 'none'], { env })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('lists several roots by absolute paths, and one of them with --root', async () => {
    const roots = [rootWith('a.ts'), rootWith('b.ts')] as const;
    const agent = await startAgent({ roots });
    const { env } = agent;
    expect((await runCli(['files'], { env })).stdout).toBe(`${roots[0]}/a.ts\n${roots[1]}/b.ts\n`);
    const one = await runCli(['files', '--root', relative(process.cwd(), roots[1])], { env });
    expect(one).toMatchObject({ code: 0, stdout: 'b.ts\n' });
    const json = parseCliJson('files', (await runCli(['files', '--json'], { env })).stdout);
    expect(json.flatMap((line) => ('root' in line ? [line.root] : []))).toEqual(roots);
    for (const root of roots) await runCli(['unwatch', root], { env });
    const none = await runCli(['files'], { env });
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain('no directory is watched');
  });

  (process.platform === 'linux' ? it : it.skip)('gives the bytes of any name, each up to a NUL', async () => {
    const root = rootWith('two\nlines', ' blank ');
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x61])]), 'x');
    const { env } = await startAgent({ roots: [root] });
    for (const flag of ['-0', '--print0']) {
      const child = startCli(['files', flag], { env, read: false });
      const chunks: Buffer[] = [];
      child.child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
      expect(await child.exited).toEqual({ code: 0, signal: null });
      const names = Buffer.concat(chunks).toString('latin1').split('\0').sort();
      expect(names).toEqual(['', ' blank ', 'two\nlines', '\u00ffa']);
    }
  });

  it('reads no faster than its reader, and keeps nothing of it', async () => {
    const total = 300_000;
    let response: ServerResponse | undefined;
    const { env } = await agentWithFiles(total, (begun) => {
      response = begun;
    });
    const files = startCli(['files'], { env, read: false });
    await until('the agent to be held up', () => response?.writableNeedDrain);
    const memory = () => (process.platform === 'linux' ? residentMB(files.child.pid ?? 0) : 0);
    expect(memory()).toBeLessThan(110);
    let lines = 0;
    let halfwayMB: number | undefined;
    files.child.stdout?.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(lineBreak); at !== -1; at = chunk.indexOf(lineBreak, at + 1)) lines++;
      // It is still there, for it has more to say.
      if (lines > total / 2 && lines < total - 10_000) halfwayMB ??= memory();
    });
    expect(await files.exited).toEqual({ code: 0, signal: null });
    expect(lines).toBe(total);
    expect(halfwayMB).toBeLessThan(150);
  });

  it('is quiet when its reader has seen enough', async () => {
    const { env } = await agentWithFiles(100_000, () => {});
    const script = `"${process.execPath}" "${binaries.cli}" files | head -n 1`;
    const child = spawn('sh', ['-c', script], { env: { ...process.env, ...env } });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(stdout).toMatch(/^(directory\/)+0\.ts\n$/);
    expect(stderr).toBe('');
  });

  it('prints whole lines only when the agent dies under it, and exits 3', async () => {
    const at = await serveHttp((request, response) => {
      if (request.url === '/v1/status') {
        response.end(
          JSON.stringify({ protocol: protocolVersion, version: version(), roots: [{ path: '/w' }] }),
        );
      } else {
        response.write(
          '{"cursor":"e:1","root":"/w"}\n{"path":"a.ts","kind":"file","size":1,"mtime":1}\n{"pa',
        );
        setImmediate(() => response.destroy());
      }
    });
    at.writeRunFile({ pid: process.pid, version: version() });
    const result = await runCli(['files'], { env: at.env });
    expect(result).toMatchObject({ code: 3, stdout: 'a.ts\n' });
    expect(result.stderr).toContain('closed the connection before');
  });

  it('exits 1 for a root that is not watched, 2 for a bad glob or bad usage, 3 without an agent', async () => {
    const { env } = await startAgent();
    const unknown = await runCli(['files', '--root', '/nowhere'], { env });
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain('"root"');
    expect(await runCliHere(['files', '--match', ''], env)).toMatchObject({ code: 2, stdout: '' });
    const both = await runCliHere(['files', '--json', '-0'], env);
    expect(both).toMatchObject({ code: 2, stdout: '' });
    expect(both.stderr).toContain('give one of them');
    expect(await runCliHere(['files', 'x'], env)).toMatchObject({ code: 2, stdout: '' });
    const nowhere = { AGENT_RUNTIME_DIR: temporaryDirectory() };
    expect(await runCli(['files', '--no-start'], { env: nowhere })).toMatchObject({ code: 3, stdout: '' });
  });
});
