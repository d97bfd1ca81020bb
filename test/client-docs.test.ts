// The ten lines in docs/client.md do what they say, as a package that somebody has installed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import type { ClientInfo } from '../shared/index.ts';
import { startAgent } from './support/agent.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { until } from './support/wait.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

it('prints changes and a message, and ends by itself', async () => {
  const page = readFileSync(join(repository, 'docs/client.md'), 'utf8');
  const example = /^```js\n(.*?)^```/ms.exec(page)?.[1] ?? '';
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(repository, join(directory, 'node_modules/devagent'));
  writeFileSync(join(directory, 'example.mjs'), example);
  const agent = await startAgent();

  const child = spawn(process.execPath, ['example.mjs'], {
    cwd: directory,
    env: { ...process.env, ...agent.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  cleanUpWith(() => void child.kill('SIGKILL'));
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  await until('the client', async () => {
    const clients = (await agent.request('/v1/clients')).json<ClientInfo[]>();
    return clients.some(({ name }) => name === 'my tool');
  });
  writeFileSync(join(agent.root, 'a.ts'), '');
  writeFileSync(join(agent.root, 'a.js'), '');
  await agent.sync();
  await agent.broadcast('not for it', 'other');
  await agent.broadcast({ ok: true }, 'build.done');
  expect(await closed).toEqual([0, null]);
  expect(stdout).toBe('add a.ts\nbuild.done { ok: true }\n');
});
