// However slow the rules of a tree are to match, others get their turn after every few entries.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import type { Change } from '../../shared/index.ts';
import { cleanUpWith, temporaryDirectory } from '../../test/support/cleanup.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { slowName } from '../../test/support/slow-glob.ts';
import { directoriesBackend } from './backend-directories.ts';
import { eventsInto } from './fixtures/engine-events.ts';
import { stat } from './fixtures/entry-stat.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { RootEngine } from './root-engine.ts';
import { Directory } from './tree-index.ts';

/** Rules that take milliseconds for each name, and match none of {@link names}. */
const slowRules = Array.from({ length: 70 }, (_, index) => `*x*a${'?'.repeat(200 - index)}*\n`).join('');
const names = Array.from({ length: 180 }, (_, index) => slowName(250, index));

/** More than it takes to go by the number of entries, and half of what it takes to go by the clock. */
const fewTurns = 12;

/** Counts the turns of the loop until `work` is done. */
async function turnsOf(work: Promise<unknown>): Promise<number> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  let turns = 0;
  for (; !isOver; turns++) await nextTurn();
  await over;
  return turns;
}

it('crawls, and looks at what came and went, in many turns', async () => {
  const root = temporaryDirectory();
  writeFileSync(join(root, '.gitignore'), slowRules);
  for (const name of names) writeFileSync(join(root, name), '');
  const told: Change[] = [];
  const events = eventsInto(told);
  const options = { ignore: [], gitignore: true, settleMs: 60_000 };
  const engine = new RootEngine(
    root,
    directoriesBackend(async () => true),
    options,
    events,
    silentLog,
  );
  cleanUpWith(() => engine.close(true));
  expect(await turnsOf(engine.start())).toBeGreaterThan(fewTurns);
  expect(engine.status().files).toBe(names.length + 1);
  for (const name of names) writeFileSync(join(root, `${name}b`), '');
  for (const name of names.slice(1)) rmSync(join(root, name));
  await nextTurn();
  await nextTurn();
  expect(await turnsOf(engine.sync())).toBeGreaterThan(fewTurns);
  const added = told.filter(({ event }) => event === 'add').map(({ path }) => path);
  expect(added).toEqual(names.map((name) => `${name}b`).sort());
  expect(told.filter(({ event }) => event === 'unlink')).toHaveLength(names.length - 1);
});

it('asks such rules about few hints of one turn, and takes the others to be of interest', async () => {
  const rules = new IgnoreRules([], true, silentLog);
  const directory = new Directory('', undefined, stat(1, { kind: 'dir' }));
  const read = rules.setRules(directory, { bytes: `${slowRules}*.log\n`, whole: true });
  while (read.next().done !== true);
  const asked = (from: number): boolean[] =>
    names.slice(from, from + 20).map((name) => rules.ignoresHint(directory, `${name}.log`));
  for (const from of [0, 20]) {
    const answers = asked(from);
    const known = answers.filter((isIgnored) => isIgnored).length;
    expect(known).toBeGreaterThan(0);
    expect(known).toBeLessThan(5);
    // What was asked first is known; no name is taken to be ignored that nobody asked about.
    expect(answers).toEqual(answers.map((_, index) => index < known));
    await nextTurn();
    await nextTurn();
  }
  expect(rules.ignoresHint(directory, `${names[0]}.log`)).toBe(true);
});
