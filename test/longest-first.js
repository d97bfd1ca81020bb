// The order in which jest takes the test files: what takes long begins early, or one worker would be at it when the
// others have run out of work. Jest itself knows how long a file takes from its last run only, and begins on a fresh
// clone with the largest.
import Sequencer from '@jest/test-sequencer';

/** Those that take a dozen seconds and more, the longest first. */
const longest = [
  'resume',
  'life',
  'client-node',
  'client-page',
  'loop-stalls',
  'stuck-client',
  'cli-on',
  'completion',
  'cli-process-auto-start',
  'cli-config',
  'cli-serve',
  'cli-failures',
  'dashboard-access',
  'cli-process',
  'cli-doctor',
  'cli-on-signals',
  'bad-input',
  'cli-tail',
  'watch-behaviour',
  'random-operations',
];

/**
 * Whole processes come before units: what is left at the end are many files that take next to nothing.
 * @param {{ path: string }} test
 */
function rank({ path }) {
  const at = longest.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
  if (at !== -1) return at;
  return path.includes('/test/') ? longest.length : longest.length + 1;
}

export default class LongestFirst extends Sequencer {
  /** @param {Parameters<Sequencer['sort']>[0]} tests */
  sort(tests) {
    return [...super.sort(tests)].sort((one, other) => rank(one) - rank(other));
  }
}
