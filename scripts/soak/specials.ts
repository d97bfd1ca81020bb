// All kinds of calamities.
import { directories } from './calamities/directories.ts';
import { gitsWork } from './calamities/git.ts';
import { limits } from './calamities/limits.ts';
import { listings } from './calamities/listings.ts';
import { lives } from './calamities/lives.ts';
import { queues } from './calamities/queues.ts';
import { rootsComing } from './calamities/roots.ts';
import { rules } from './calamities/rules.ts';
import { inNamespace } from './namespace.ts';
import { hasPrograms } from './programs.ts';
import type { Special } from './stage.ts';

/** All of them. */
export const specials: readonly Special[] = [
  { name: 'tars', weight: 4, run: ({ during, large }) => during(large.extract()) },
  { name: 'rm -rf', weight: 5, run: ({ during, large }) => during(large.removeOldest()) },
  { name: 'moves of large trees', weight: 10, run: async ({ large }) => large.move() },
  ...directories,
  ...gitsWork,
  ...listings,
  ...lives,
  ...queues,
  ...rootsComing,
  ...rules,
  ...limits,
];

/** Those that this machine allows, and the names of the others. */
export function possible(): { specials: Special[]; missing: string[] } {
  const has = { namespace: inNamespace, programs: hasPrograms() };
  const isPossible = ({ needs }: Special): boolean => needs === undefined || has[needs];
  return {
    specials: specials.filter(isPossible),
    missing: specials.filter((special) => !isPossible(special)).map(({ name }) => name),
  };
}
