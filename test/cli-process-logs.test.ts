// agent-cli logs: the agent's log file, read back.
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { startAgent } from './support/agent.ts';
import { type BackgroundPlace, backgroundPlace } from './support/background.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { runCliHere } from './support/cli-here.ts';
import { serveConnections } from './support/socket-server.ts';
import { until } from './support/wait.ts';

const logLine = z.looseObject({
  time: z.iso.datetime(),
  level: z.enum(['error', 'warn', 'info', 'debug']),
  event: z.string(),
});

const levels = ['error', 'warn', 'info', 'debug'] as const;

/** A line as the agent writes it; the level goes round with the number. */
function lineOf(number: number): string {
  const level = levels[number % levels.length];
  return `${JSON.stringify({ time: new Date(number * 1_000).toISOString(), level, event: 'counted', number })}\n`;
}

function linesOf(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => lineOf(from + index)).join('');
}

/** Where the agent named "default" has its log. */
function logOf(place: BackgroundPlace): string {
  mkdirSync(place.state, { recursive: true, mode: 0o700 });
  return join(place.state, 'default.log');
}

function numbersIn(json: string): number[] {
  return json
    .split('\n')
    .slice(0, -1)
    .map((line) => logLine.parse(JSON.parse(line))['number'] as number);
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('agent-cli logs', () => {
  it('prints what the agent printed on its terminal, while it runs and afterwards', async () => {
    const agent = await startAgent();
    const running = await runLogs(agent.env);
    expect(running).toMatchObject({ code: 0, stderr: '' });
    expect(running.stdout).toContain(' ready  roots=');
    await agent.stop();
    expect(await runLogs(agent.env)).toEqual({ code: 0, signal: null, stdout: agent.stderr, stderr: '' });
  });

  it('asks nothing of an agent that does not answer', async () => {
    const place = backgroundPlace();
    writeFileSync(logOf(place), lineOf(1));
    const silent = await serveConnections((socket) => socket.resume());
    silent.writeRunFile({ pid: process.pid, version: '9.9.9' });
    const env = { AGENT_RUNTIME_DIR: silent.env['AGENT_RUNTIME_DIR'] ?? '' };
    expect(await place.run(['logs'], { env })).toMatchObject({ code: 0, stderr: '' });
  });

  it('prints with --json the lines as they are', async () => {
    const agent = await startAgent();
    await agent.stop();
    const { code, stdout } = await runLogs(agent.env, '--json');
    expect(code).toBe(0);
    const lines = stdout.split('\n').slice(0, -1);
    expect(lines.map((line) => logLine.parse(JSON.parse(line)))).toEqual(agent.logLines);
  });

  it('finds the log of an agent that keeps it elsewhere', async () => {
    const file = join(temporaryDirectory(), 'agent.jsonl');
    const agent = await startAgent({ flags: ['--log-file', file] });
    expect((await runLogs(agent.env)).stdout).toBe(agent.stderr);
    await agent.stop();
    const unknown = await runLogs(agent.env);
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain(`there is no log at ${join(agent.state, 'default.log')}`);
    expect(unknown.stderr).toContain('--log-file');
    const told = await runLogs({ ...agent.env, AGENT_LOG_FILE: file });
    expect(told.stdout).toBe(agent.stderr);
  });

  it('takes the last --lines, also from files that were put aside', async () => {
    const place = backgroundPlace();
    const log = logOf(place);
    // Longer than what is read at once.
    writeFileSync(`${log}.2`, linesOf(0, 2_000));
    writeFileSync(`${log}.1`, linesOf(2_000, 4_000));
    writeFileSync(log, linesOf(4_000, 4_010));
    const last = async (...args: string[]): Promise<number[]> =>
      numbersIn((await place.run(['logs', '--json', ...args])).stdout);
    expect(await last()).toEqual(range(3_910, 4_010));
    expect(await last('--lines', '3')).toEqual(range(4_007, 4_010));
    expect(await last('-n', '3000')).toEqual(range(1_010, 4_010));
    expect(await last('--lines', '9999')).toEqual(range(0, 4_010));
    expect(await last('--lines', '0')).toEqual([]);
  });

  it('takes with --level what is as grave, or graver', async () => {
    const place = backgroundPlace();
    writeFileSync(logOf(place), linesOf(0, 8));
    const atLevel = async (level: string): Promise<number[]> =>
      numbersIn((await place.run(['logs', '--json', '--level', level])).stdout);
    expect(await atLevel('error')).toEqual([0, 4]);
    expect(await atLevel('warn')).toEqual([0, 1, 4, 5]);
    expect(await atLevel('info')).toEqual([0, 1, 2, 4, 5, 6]);
    expect(await atLevel('debug')).toEqual(range(0, 8));
    // The last lines are counted among those that are wanted.
    const two = await place.run(['logs', '--json', '--level', 'error', '--lines', '2']);
    expect(numbersIn(two.stdout)).toEqual([0, 4]);
  });

  it('shows half a line to people, harmless to their terminal, and leaves it out of JSON', async () => {
    const place = backgroundPlace();
    writeFileSync(logOf(place), `{"time":"20\u001b[2J\n${lineOf(1)}{"torn":`);
    const readable = await place.run(['logs']);
    expect(readable.stdout).toMatch(/^\{"time":"20\\x1b\[2J\n[\d:.]{12} warn {2}counted {2}number=1\n$/);
    expect(numbersIn((await place.run(['logs', '--json'])).stdout)).toEqual([1]);
  });

  it.each([
    [['--level', 'loud'], '--level takes error or warn or info or debug'],
    [['--lines', '-1'], '--lines'],
    [['x'], '"logs" takes no arguments'],
  ])('%j is a usage error', async (args, words) => {
    const result = await runCliHere(['logs', ...args], {});
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(words);
  });
});

describe('agent-cli logs -f', () => {
  it('waits for a log, and goes on over an agent that starts, stops and starts again', async () => {
    const place = backgroundPlace();
    const logs = place.start(['logs', '-f', '--json']);
    await logs.said('there is no log at');
    const events = () => logs.json().map((line) => logLine.parse(line).event);
    await place.run(['start']);
    await logs.line('it to be ready', (line) => line.includes('"event":"ready"'));
    await place.run(['restart']);
    await until('the second', () => events().filter((event) => event === 'ready').length === 2);
    expect(events().filter((event) => event === 'stopped')).toHaveLength(1);
    logs.child.kill('SIGINT');
    expect(await logs.exited).toEqual({ code: 130, signal: null });
  });

  it('loses no line and repeats none while the file is put aside again and again', async () => {
    const place = backgroundPlace();
    const log = logOf(place);
    writeFileSync(log, linesOf(0, 10));
    const logs = place.start(['logs', '-f', '--json', '-n', '5']);
    await logs.line('the last line', (line) => line.includes('"number":9}'));
    const total = 2_000;
    for (let number = 10; number < total; number += 1) {
      // As agent/log/log-file.ts does it, with more than one rotation between two looks at the file.
      if (number % 100 === 0) {
        for (let piece = 30; piece > 0; piece -= 1) {
          try {
            renameSync(piece === 1 ? log : `${log}.${piece - 1}`, `${log}.${piece}`);
          } catch {
            // Not so many yet.
          }
        }
      }
      appendFileSync(log, lineOf(number));
      if (number % 170 === 0) await logs.line('the line', (line) => line.includes(`"number":${number}}`));
    }
    await logs.line('the last line', (line) => line.includes(`"number":${total - 1}}`));
    expect(numbersIn(logs.stdout)).toEqual(range(5, total));
    expect(logs.stderr).toBe('');
  });

  it('says when lines were removed before it could read them', async () => {
    const place = backgroundPlace();
    const log = logOf(place);
    writeFileSync(log, lineOf(0));
    const logs = place.start(['logs', '--follow', '--json']);
    await logs.line('the first line', (line) => line.includes('"number":0}'));
    rmSync(log);
    writeFileSync(log, lineOf(1_000));
    await logs.line('the next line', (line) => line.includes('"number":1000}'));
    expect(logs.stderr).toMatch(/lines of .* were removed before they could be read/);
    // And emptied in place, as some tools put logs aside.
    writeFileSync(log, lineOf(2));
    await logs.line('the line after that', (line) => line.includes('"number":2}'));
  });

  it('shows only whole lines, and only those of --level', async () => {
    const place = backgroundPlace();
    const log = logOf(place);
    writeFileSync(log, lineOf(0));
    const logs = place.start(['logs', '-f', '--json', '--level', 'error']);
    await logs.line('the first line', (line) => line.includes('"number":0}'));
    const next = lineOf(4);
    appendFileSync(log, next.slice(0, 20));
    appendFileSync(log, `${next.slice(20)}${linesOf(5, 9)}`);
    await logs.line('the last line', (line) => line.includes('"number":8}'));
    expect(numbersIn(logs.stdout)).toEqual([0, 4, 8]);
  });

  it('is quiet when its reader goes', async () => {
    const place = backgroundPlace();
    const log = logOf(place);
    writeFileSync(log, lineOf(0));
    const logs = place.start(['logs', '-f']);
    await logs.line('the first line', (line) => line.includes('number=0'));
    logs.child.stdout?.destroy();
    await until('it to notice', () => {
      appendFileSync(log, lineOf(1));
      return logs.child.exitCode !== null;
    });
    expect(await logs.exited).toEqual({ code: 0, signal: null });
    expect(logs.stderr).toBe('');
  });
});

/** Runs `logs` with another agent's directories. */
function runLogs(env: Readonly<Record<string, string>>, ...args: string[]) {
  return backgroundPlace().run(['logs', ...args], { env });
}
