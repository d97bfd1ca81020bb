// What git does to a working tree.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { below, oneOf, type Special, type Stage } from '../stage.ts';
import { branches } from '../workplace.ts';

/** Files that are tracked are written or removed, and git brings another branch about. */
async function checkOut(stage: Stage): Promise<void> {
  const { workplace } = stage;
  for (let disturbed = below(stage, 50); disturbed > 0; disturbed--) {
    const path = join(workplace.repository, workplace.trackedFile(below(stage, 3000)));
    rmSync(path, { recursive: true, force: true });
    if (stage.random() < 0.5) {
      // Its directory is gone while a branch is checked out that has nothing there.
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, 'disturbed');
    }
    stage.note('disturb', path);
  }
  for (let checkouts = 1 + below(stage, 2); checkouts > 0; checkouts--) {
    const branch = oneOf(stage, Object.keys(branches));
    stage.note(`git checkout ${branch}`, workplace.repository);
    await stage.during(workplace.git('checkout', '-qf', branch));
  }
}

export const gitsWork: readonly Special[] = [{ name: 'checkouts', weight: 18, run: checkOut }];
