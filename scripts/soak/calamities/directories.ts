// Directories that are others a moment later, and files that are none.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { below, type Special, type Stage } from '../stage.ts';

/** Directories removed and made again at once: on most disks with the same inode number. */
async function directoriesAnew(stage: Stage): Promise<void> {
  for (let round = 0; round < 200; round++) {
    for (const root of stage.workplace.roots) {
      const directory = join(root, `anew${round % 3}`);
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(join(directory, 'deep'), { recursive: true });
      writeFileSync(join(directory, `f${round % 7}`), '');
      writeFileSync(join(directory, 'deep', `f${round % 7}`), '');
      stage.note('rm and mkdir', directory);
    }
    if (stage.random() < 0.05) await delay(stage.random() * 5);
  }
}

/** Files become directories, and those files. */
async function swapKinds(stage: Stage): Promise<void> {
  for (const root of stage.workplace.roots) {
    const directory = join(root, 'swap');
    mkdirSync(directory, { recursive: true });
    for (let round = 0; round < 400; round++) {
      const path = join(directory, `s${round % 200}`);
      rmSync(path, { recursive: true, force: true });
      if (stage.random() < 0.5) writeFileSync(path, 'file');
      else {
        mkdirSync(join(path, 'a'), { recursive: true });
        writeFileSync(join(path, 'a', 'b'), 'in a directory');
      }
      stage.note('swap', path);
      if (stage.random() < 0.02) await delay(stage.random() * 5);
    }
  }
}

/** The nested root is moved away; it comes back, or another one takes its place. */
async function rootAnew(stage: Stage): Promise<void> {
  const { nested, outer } = stage.workplace;
  const aside = join(outer, `aside${below(stage, 1000)}`);
  // Long enough for the agent to see it gone, or too short.
  const pauseMs = stage.random() < 0.5 ? 0 : below(stage, 1200);
  renameSync(nested, aside);
  stage.note('mv', nested, aside);
  writeFileSync(join(aside, 'while away'), String(below(stage, 1000)));
  if (pauseMs > 0) await delay(pauseMs);
  if (stage.random() < 0.5) {
    renameSync(aside, nested);
    stage.note('mv', aside, nested);
    return;
  }
  mkdirSync(nested);
  writeFileSync(join(nested, 'first'), '');
  stage.note('mkdir', nested);
  if (stage.random() < 0.5) stage.burst(below(stage, 200));
  await stage.during(stage.large.discard(nested, aside));
}

export const directories: readonly Special[] = [
  { name: 'storms of directories made anew', weight: 10, run: directoriesAnew },
  { name: 'storms of files made directories', weight: 8, run: swapKinds },
  { name: 'nested roots moved', weight: 6, run: rootAnew },
];
