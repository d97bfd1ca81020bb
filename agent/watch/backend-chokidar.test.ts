import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/wait.ts';
import type { HintSink } from './backend.ts';
import { chokidarBackend } from './backend-chokidar.ts';

/** Has names be a directory, a file and a link to itself in turns. */
const churn = `
  const { mkdirSync, rmSync, symlinkSync, writeFileSync } = require('node:fs');
  const { parentPort, workerData: root } = require('node:worker_threads');
  for (let step = 0; ; step += 1) {
    if (step === 60) parentPort.postMessage('begun');
    const name = 'd' + (step % 20);
    const path = root + '/' + name;
    rmSync(path, { recursive: true, force: true });
    if (step % 3 === 0) mkdirSync(path + '/a/b', { recursive: true });
    else if (step % 3 === 1) writeFileSync(path, '');
    else symlinkSync(name, path);
  }
`;

const sink: HintSink = {
  hint() {},
  hintItself() {},
  passed: () => false,
  unheard() {},
  doubt() {},
  failed() {},
  ignores: () => false,
};

let cleanUp = async (): Promise<void> => {};
afterEach(() => cleanUp());

describe('the chokidar backend', () => {
  it('starts and closes in a tree whose directories become files and links meanwhile', async () => {
    const root = mkdtempSync(join(tmpdir(), 'churned-'));
    const worker = new Worker(churn, { eval: true, workerData: root });
    cleanUp = async () => {
      await worker.terminate();
      rmSync(root, { recursive: true, force: true });
    };
    await once(worker, 'message');
    let started = 0;
    for (let round = 0; round < 40; round += 1) {
      const backend = chokidarBackend(root, sink, 50);
      await backend.start();
      started += 1;
      // At once, with errors of the walk still under way.
      await backend.close(true);
    }
    expect(started).toBe(40);
  });

  it('says nothing of what is beside its root when that has been a file, and is gone', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'beside-'));
    const root = join(parent, 'root');
    writeFileSync(root, '');
    const places: string[] = [];
    const note = (directory: string, name = ''): void => {
      places.push(directory === '' ? name : `${directory}/${name}`);
    };
    const backend = chokidarBackend(root, { ...sink, hint: note, hintItself: note }, 50);
    await backend.start();
    cleanUp = async () => {
      await backend.close(true);
      rmSync(parent, { recursive: true, force: true });
    };
    rmSync(root);
    // Now chokidar would wait for the return of the only thing that it watches, in the directory above.
    await until('a hint of the root itself', () => places.includes(''));
    for (let step = 0; step < 100; step += 1) {
      await mkdir(join(parent, `beside${step}`, 'inner'), { recursive: true });
    }
    expect(places.filter((path) => path.includes('beside'))).toEqual([]);
    expect(backend.watches).toBe(0);
  });
});
