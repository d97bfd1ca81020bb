// The examples in docs/client.md and docs/api.md do what they say, in a package that somebody has installed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import type { ClientInfo } from '../shared/index.ts';
import { startAgent, type TestAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { until } from './support/wait.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** Examples as they stand in a page, by the names that their clients go by. */
function examplesIn(page: string): Map<string, string> {
  const blocks = readFileSync(join(repository, page), 'utf8').matchAll(/^```js\n(.*?)^```/gms);
  const examples = new Map<string, string>();
  for (const [, example = ''] of blocks) {
    const name = /connect\(\{ name: '(.*?)' \}\)/.exec(example)?.[1];
    if (name !== undefined) examples.set(name, example);
  }
  return examples;
}

/** An example that is running. */
interface Run {
  readonly child: ChildProcess;
  readonly closed: Promise<unknown[]>;
  /** What it printed so far. */
  stdout: string;
}

function runExample(example: string | undefined, agent: TestAgent): Run {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(repository, join(directory, 'node_modules/devagent'));
  writeFileSync(join(directory, 'example.mjs'), example ?? '');
  const child = spawn(process.execPath, ['example.mjs'], {
    cwd: directory,
    env: { ...process.env, ...agent.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUpWith(() => void child.kill('SIGKILL'));
  const run: Run = { child, closed: once(child, 'close'), stdout: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.stdout += text;
  });
  return run;
}

it('prints changes and a message, and ends by itself', async () => {
  const agent = await startAgent();
  const run = runExample(examplesIn('docs/client.md').get('my tool'), agent);
  await until('the client', async () => {
    const clients = (await agent.request('/v1/clients')).json<ClientInfo[]>();
    return clients.some(({ name }) => name === 'my tool');
  });
  writeFileSync(join(agent.root, 'a.ts'), '');
  writeFileSync(join(agent.root, 'a.js'), '');
  await agent.sync();
  await agent.broadcast('not for it', 'other');
  await agent.broadcast({ ok: true }, 'build.done');
  expect(await run.closed).toEqual([0, null]);
  expect(run.stdout).toBe('add a.ts\nbuild.done { ok: true }\n');
});

it('runs each example of the reference', async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'src'));
  mkdirSync(join(root, 'styles'));
  writeFileSync(join(root, 'src/main.ts'), 'main();\n');
  writeFileSync(join(root, 'styles/page.css'), '');
  const agent = await startAgent({ roots: [root] });
  const examples = examplesIn('docs/api.md');
  expect([...examples.keys()]).toEqual(['my tool', 'style bundler', 'indexer']);

  const [connect, events, tree] = [...examples.values()].map((example) => runExample(example, agent));
  expect(await connect?.closed).toEqual([0, null]);
  expect(connect?.stdout).toMatch(new RegExp(`^agent \\d+\\.\\d+\\.\\d+ watches ${root}: 2 files\n$`));

  expect(await tree?.closed).toEqual([0, null]);
  expect(tree?.stdout).toBe('add src\nadd src/main.ts\n2 entries, src/main.ts has 8 bytes\n');

  const snapshot = `2 entries below ${root}\n`;
  await until('the snapshot', () => events?.stdout === snapshot);
  writeFileSync(join(root, 'styles/print.css'), '');
  await until('the change', () => events?.stdout === `${snapshot}add styles/print.css\n`);
  events?.child.kill('SIGINT');
  expect(await events?.closed).toEqual([0, null]);
});
