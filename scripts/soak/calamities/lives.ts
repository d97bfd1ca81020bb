// The ends of agents and of connections, and what happens meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import { hasPrograms } from '../programs.ts';
import { below, type Special, type Stage } from '../stage.ts';
import { disturb } from './listings.ts';

async function restart(stage: Stage, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const { agent, follower, workplace, vitals } = stage;
  stage.note(`restart ${signal}`, ...workplace.roots);
  follower.disconnect();
  vitals.watch(false);
  await stage.during(agent.end(signal));
  stage.burst(below(stage, 500));
  await stage.start(async () => {
    // Moved while it is crawled for the first time.
    for (const crowd of hasPrograms() ? workplace.crowds : []) {
      const home = crowd.homes.find((place) => crowd.find() === crowd.in(place));
      if (home !== undefined) await disturb(stage, crowd, home);
    }
  });
}

async function reconnect(stage: Stage): Promise<void> {
  const { follower } = stage;
  follower.disconnect();
  stage.burst(below(stage, 1000));
  await stage.during(delay(below(stage, 100)));
  await stage.during(follower.resume());
}

export const lives: readonly Special[] = [
  { name: 'restarts', weight: 4, run: (stage) => restart(stage, 'SIGTERM') },
  { name: 'kills', weight: 4, run: (stage) => restart(stage, 'SIGKILL') },
  { name: 'reconnects', weight: 18, run: reconnect },
];
