// How long the agent keeps others waiting while it has something large to do: its one loop stands still meanwhile.
import { execFile } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Prober } from '../../support/prober.ts';
import { launchAgent } from '../support/agent-process.ts';
import type { Bench } from '../support/bench.ts';
import { Trees } from './trees.ts';

/** After the barrier: what the agent does behind its back, as dropping the watches of what went. */
const restMs = 500;

/** Waits for a program. What it does, it does as fast as users' programs do. */
const run = promisify(execFile);

/** The waits while one thing was done, one a round. */
export interface Standstill {
  readonly what: string;
  readonly worstMs: number[];
}

/** All that was measured. */
export interface StandstillResult {
  readonly files: number;
  readonly standstills: readonly Standstill[];
}

/** Measures, in each round with a tree of its own, which is gone in the end. */
export async function measureStandstill(
  bench: Bench,
  files: number,
  rounds: number,
): Promise<StandstillResult> {
  const standstills = new Map<string, Standstill>();
  for (let round = 1; round <= rounds; round++) {
    bench.progress(`agentd, standstills with ${files} files, ${round} of ${rounds}`);
    await measureRound(bench, files, (what, worstMs) => {
      const known = standstills.get(what) ?? { what, worstMs: [] };
      standstills.set(what, known);
      known.worstMs.push(worstMs);
    });
  }
  return { files, standstills: [...standstills.values()] };
}

async function measureRound(
  bench: Bench,
  files: number,
  note: (what: string, worstMs: number) => void,
): Promise<void> {
  const { path: top, remove } = bench.cleanups.directory(bench.diskDirectory);
  const { root: made } = await new Trees(bench).ofSize(files);
  const { path: outside } = bench.cleanups.directory(bench.diskDirectory);
  const at = (name: string): string => join(top, name);
  const ignoring = at('.gitignore');
  const archive = join(outside, 'tree.tar');
  await run('tar', [
    '-C',
    join(made, '..'),
    '--transform',
    `s,^${basename(made)},unpacked,`,
    '-cf',
    archive,
    basename(made),
  ]);
  renameSync(made, at('tree'));
  const agent = launchAgent(bench, top);
  await agent.readyMs;
  const prober = new Prober();
  const forget = bench.cleanups.add(() => prober.close());
  prober.ask(agent);
  const steps: [what: string, act: () => unknown][] = [
    ['nothing, for comparison', () => delay(restMs)],
    ['the tree is moved within the root', () => renameSync(at('tree'), at('moved'))],
    ['it is moved out', () => renameSync(at('moved'), join(outside, 'tree'))],
    ['it is moved in', () => renameSync(join(outside, 'tree'), at('tree'))],
    ['a rule ignores it', () => writeFileSync(ignoring, 'tree/\n')],
    ['the rule is removed', () => rmSync(ignoring)],
    ['it is removed (rm -r)', () => run('rm', ['-r', at('tree')])],
    ['another is unpacked (tar x)', () => run('tar', ['-C', top, '-xf', archive])],
    ['that is removed (rm -r)', () => run('rm', ['-r', at('unpacked')])],
  ];
  for (const [what, act] of steps) {
    await prober.takeWorstMs();
    await act();
    await barrier(agent.socketPath);
    await delay(restMs);
    note(what, await prober.takeWorstMs());
  }
  await forget();
  await agent.stop();
  await remove();
}

function barrier(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method: 'POST', path: '/v1/sync?timeout=60000' }, (response) => {
      response.resume().on('end', resolve);
    });
    asked.on('error', reject);
    asked.end();
  });
}
