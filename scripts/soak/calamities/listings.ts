// Directories that are elsewhere, or others, while they are being listed: moved away and back, themselves or one above
// them, and exchanged in one step.
import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Crowd } from '../crowds.ts';
import { awayAndBack, exchanges } from '../programs.ts';
import { below, oneOf, type Special, type Stage } from '../stage.ts';

/** A listing takes about as long, so that the moves fall in its beginning, its middle, and behind it. */
const listingMs = 60;
const mostMoves = 30;

/** How often and how fast, by chance: a few slow ones, or many at once. */
function pace(stage: Stage): [times: number, pauseUs: number] {
  return [1 + below(stage, mostMoves), stage.random() < 0.3 ? 0 : below(stage, listingMs * 500)];
}

/** Moves a crowd about that may be being listed, and changes what is in it meanwhile; it ends where it was. */
export async function disturb(stage: Stage, crowd: Crowd, home: string): Promise<void> {
  const path = crowd.in(home);
  const [times, pauseUs] = pace(stage);
  let under = true;
  const change = async (place: string): Promise<void> => {
    for (let number = 0; under; number++) {
      try {
        const file = join(place, `while away ${number % 20}`);
        if (stage.random() < 0.5) writeFileSync(file, 'x'.repeat(number % 9));
        else rmSync(file);
      } catch {
        // It is at the other place.
      }
      await delay(stage.random() * 10);
    }
  };
  if (stage.random() < 0.4) {
    const other = crowd.otherIn(home);
    mkdirSync(other, { recursive: true });
    writeFileSync(join(other, 'other'), '');
    stage.note('exchange', path, other);
    const changes = change(path);
    // An even number, so that it ends where it was.
    await stage.run(exchanges(path, other, 2 * times, pauseUs));
    under = false;
    return changes;
  }
  const away = oneOf(stage, [crowd.stock, `${path}.aside`]);
  stage.note('away and back', path, away);
  const changes = [change(path), change(away)];
  await stage.run(awayAndBack(path, away, times, pauseUs));
  under = false;
  await Promise.all(changes);
}

async function crowdsMoved(stage: Stage): Promise<void> {
  const crowd = oneOf(stage, stage.workplace.crowds);
  const home = oneOf(stage, crowd.homes);
  if (!existsSync(home)) return;
  stage.note('move a crowd', crowd.moveTo(home));
  await delay(stage.random() * listingMs);
  await stage.during(disturb(stage, crowd, home));
}

/** A directory above moves, up to the root itself. Nothing else happens there: it would make the directory anew. */
async function parentsMoved(stage: Stage): Promise<void> {
  const { crowds } = stage.workplace;
  const crowd = oneOf(stage, crowds);
  const home = oneOf(stage, crowd.homes);
  if (!existsSync(home)) return;
  stage.note('move a crowd', crowd.moveTo(home));
  await delay(stage.random() * listingMs);
  const away = `${home}.aside`;
  stage.note('away and back', home, away);
  await stage.run(awayAndBack(home, away, ...pace(stage)));
}

/** Entries of all kinds in each root, of which any two may change places. */
function exchangeable(root: string): readonly string[] {
  const paths = ['x0', 'x1', 'x2', 'x3', 'x4'].map((name) => join(root, name));
  const [many, few, file, link, deep] = paths as [string, string, string, string, string];
  const absent = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) === undefined;
  if (absent(many)) {
    mkdirSync(many);
    for (let number = 0; number < 200; number++) writeFileSync(join(many, `f${number}`), String(number));
  }
  if (absent(few)) {
    mkdirSync(join(few, 'in'), { recursive: true });
    for (const name of ['f0', 'f1', 'in/f0']) writeFileSync(join(few, name), 'few');
  }
  if (absent(file)) writeFileSync(file, 'a file');
  if (absent(link)) symlinkSync('x0', link);
  if (absent(deep)) mkdirSync(join(deep, 'a/b/c'), { recursive: true });
  return paths;
}

async function exchanged(stage: Stage): Promise<void> {
  const { roots, outer, nested } = stage.workplace;
  const storms = roots.flatMap((root) => {
    const paths = exchangeable(root);
    return [0, 1].map(() => {
      const [a, b] = [oneOf(stage, paths), oneOf(stage, paths)];
      stage.note('exchange', a, b);
      return stage.run(exchanges(a, b, 1 + below(stage, 100), below(stage, 1000)));
    });
  });
  // A root that is another directory for a moment. Paired, so that what is in it is in the end where it was.
  if (stage.random() < 0.3) {
    const other = join(outer, 'x1');
    stage.note('exchange', nested, other);
    await Promise.all(storms.splice(0));
    storms.push(stage.run(exchanges(nested, other, 2 * (1 + below(stage, 10)), below(stage, 20_000))));
  }
  await stage.during(Promise.all(storms));
}

export const listings: readonly Special[] = [
  { name: 'crowds moved while listed', weight: 14, needs: 'programs', run: crowdsMoved },
  { name: 'parents moved', weight: 5, needs: 'programs', run: parentsMoved },
  { name: 'exchanges', weight: 10, needs: 'programs', run: exchanged },
];
