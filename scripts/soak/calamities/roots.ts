// Roots that come and go while the agent runs: in others, around them, and beside them.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { below, oneOf, type Special, type Stage } from '../stage.ts';

/** At most so many beside those that are always there. */
const mostMore = 3;

async function rootsAddedAndRemoved(stage: Stage): Promise<void> {
  const { agent, follower, workplace } = stage;
  for (let rounds = 1 + below(stage, 4); rounds > 0; rounds--) {
    const more = [...follower.models.keys()].filter((root) => !workplace.roots.includes(root));
    if (more.length >= mostMore || (more.length > 0 && stage.random() < 0.5)) {
      const root = oneOf(stage, more);
      stage.note('remove root', root);
      follower.drop(root);
      await stage.during(agent.removeRoot(root));
    } else {
      const parent = oneOf(stage, [workplace.outer, workplace.nested, join(workplace.outer, 'wide')]);
      const root = join(parent, `root${below(stage, 4)}`);
      if (follower.models.has(root) || !existsSync(parent)) continue;
      mkdirSync(join(root, 'in'), { recursive: true });
      stage.note('add root', root);
      await stage.during(agent.addRoot(root).then(() => follower.add(root)));
    }
    await stage.during(delay(below(stage, 100)));
  }
}

export const rootsComing: readonly Special[] = [
  { name: 'roots added and removed', weight: 8, run: rootsAddedAndRemoved },
];
