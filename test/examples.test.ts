// The recipes of examples/, each run for real by the commands of its README.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from './support/cleanup.ts';
import type { CliProcess } from './support/cli-process.ts';
import { interrupt, startExample } from './support/example.ts';
import { findProgram } from './support/find-program.ts';
import { until } from './support/wait.ts';

const examples = fileURLToPath(new URL('../examples', import.meta.url));

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

it('are listed on their page, each of them', () => {
  const folders = readdirSync(examples, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => name);
  const page = readFileSync(join(examples, 'README.md'), 'utf8');
  expect([...page.matchAll(/^\| \[(.*?)\]\(\1\)/gm)].map(([, name]) => name)).toEqual(folders.sort());
});

describe('esbuild', () => {
  it('builds again after each change, mistakes and restarts of the agent included', async () => {
    const example = startExample('esbuild');
    const greeting = 'src/greeting.js';
    const built = (text: string) =>
      until(
        () => `${text} in the bundle; ${job.stdout} ${job.stderr}`,
        () => textOf(example.path('dist/main.js')).includes(text),
      );
    const job = example.start();
    await built('Hello, ');
    example.edit(greeting, 'Hello', 'Good morning');
    await built('Good morning, ');
    example.edit(greeting, 'return', 'retur n');
    await job.said('src/greeting.js:3');
    example.edit(greeting, 'retur n `Good morning', 'return `Good day');
    await built('Good day, ');
    // One that does not know the directory.
    await example.replaceAgent(
      () => example.edit(greeting, 'Good day', 'Good evening'),
      temporaryDirectory(),
    );
    await built('Good evening, ');
    example.edit(greeting, 'Good evening', 'Good night');
    await built('Good night, ');
    expect(await interrupt(job)).toBe('');
  });
});

describe('tsc and jest', () => {
  it('run after each change, the tests only if the types are right', async () => {
    const example = startExample('tsc-jest');
    const sum = 'src/sum.ts';
    const job = example.start();
    await job.said('1 passed');
    example.edit(sum, '0)', '1)');
    await job.said('Expected: 6');
    await job.said('Received: 7');
    example.edit(sum, '1)', "'')");
    await job.line('the mistake', (line) => line.startsWith('src/sum.ts(2,'));
    example.edit(sum, "'')", '0)');
    await until(
      () => `the tests to pass; ${job.stdout} ${job.stderr}`,
      () => job.stderr.split('1 passed').length > 3,
    );
    await interrupt(job);
  });
});

describe('the loop of the shell', () => {
  it('checks all scripts at first and after a gap, and each that is saved', async () => {
    const example = startExample('shell');
    const job = example.start();
    const count = (line: string) => job.lines.filter((it) => it === line).length;
    await job.line('itself', (line) => line === 'ok: check-scripts.sh');
    example.save('a b.sh', 'echo "');
    await job.said('a b.sh: ');
    example.save('a b.sh', 'echo');
    await job.line('the script', (line) => line === 'ok: a b.sh');
    await example.replaceAgent(() => {});
    await until(
      () => `all of them again; ${job.stdout} ${job.stderr}`,
      () => count('ok: check-scripts.sh') >= 2 && count('ok: a b.sh') >= 2,
    );
    expect(await interrupt(job)).toBe('');
  });
});

const withPython = findProgram('python3') === undefined ? describe.skip : describe;

withPython('the client in Python', () => {
  it('prints changes, goes on where it was, and says when it missed some', async () => {
    const example = startExample('python');
    expect(textOf(example.path('follow.py')).split('\n').length - 1).toBeLessThanOrEqual(30);
    const job = example.start();
    await example.place.connected(1);
    writeFileSync(example.path('ä b.txt'), '');
    await job.line('the change', (line) => line === `add ${example.path('ä b.txt')}`);
    const clients = await example.place.run(['clients', '--json']);
    const [client] = JSON.parse(clients.stdout) as { id: string; name: string }[];
    expect(client?.name).toBe('follow.py');
    await example.place.run(['disconnect', client?.id ?? '']);
    writeFileSync(example.path('away.txt'), '');
    await job.line('what came meanwhile', (line) => line === `add ${example.path('away.txt')}`);
    await example.replaceAgent(() => {});
    await job.line('that some may be missing', (line) => line.startsWith('missed some'));
    expect(job.lines.filter((line) => line.startsWith('add '))).toHaveLength(2);
    expect(await interrupt(job)).toBe('');
  });
});

const withCurl = findProgram('curl') && findProgram('jq') ? describe : describe.skip;

withCurl('curl', () => {
  it('has events in each format, sends, and passes the barrier', async () => {
    const example = startExample('curl');
    const [setUp, streams, calls] = [0, 1, 2].map((number) => example.block(number));
    const commandsOf = (block = '') => block.split('\n').filter((line) => /^(?:auth|curl) /.test(line));
    expect(await example.start(setUp).exited).toEqual({ code: 0, signal: null });
    const jobs = commandsOf(streams).map((line) => example.start(`${setUp}${line}`));
    expect(jobs.length).toBe(4);
    await example.place.connected(4);
    const answers = example.start(`set -e\n${setUp}: > saved.txt\n${calls}`);
    expect(await answers.exited).toEqual({ code: 0, signal: null });
    const [, message, data, synced, cursor] = answers.stdout.split('\n');
    const { cursor: at } = JSON.parse(data ?? '') as { cursor: string };
    expect(JSON.parse(message ?? '')).toMatchObject({ matched: 2 });
    expect([JSON.parse(synced ?? ''), cursor]).toMatchObject([{ cursor: at }, at]);

    const [text, sse, json, local] = jobs as [CliProcess, CliProcess, CliProcess, CliProcess];
    await until(
      () => `the events; ${jobs.map(({ stdout, stderr }) => stdout + stderr).join('\n')}`,
      () => text.stdout.includes('{"ok":true}') && local.stdout.includes('{"ok":true}'),
    );
    const eventsOf = ({ lines }: CliProcess) => lines.filter((line) => !line.startsWith('the agent '));
    expect(eventsOf(text)).toEqual(['add saved.txt', 'build finished', '{"ok":true}']);
    expect(eventsOf(local)).toEqual(eventsOf(text));
    await sse.line('the change', (line) => line.startsWith('data: ') && line.includes('saved.txt'));
    await json.line('the files', (line) => line.includes('"type":"snapshot"'));
    await json.line('the change', (line) => line.includes('saved.txt'));
    for (const job of jobs) await interrupt(job);
  });
});
