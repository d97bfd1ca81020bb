// The order in which jest takes the test files: what takes long begins early, or one worker would be at it when the
// others have run out of work. Jest itself knows how long a file takes from its last run only, and begins on a fresh
// clone with the largest.
import Sequencer from '@jest/test-sequencer';

/** Those that take ten seconds and more, most of them waiting, the longest first. */
const longest = [
  'cli-failures',
  'resume',
  'loop-stalls',
  'life',
  'cli-process-auto-start',
  'cli-process',
  'completion',
  'dashboard-browser',
  'cli-serve',
  'watch-behaviour',
  'slow-readers',
  'client-node',
  'connections',
  'watch-git',
  'examples',
  'cli-on-busy',
  'cli-tail',
  'watch-limits',
  'cli-time-limits',
  'dashboard-session-browser',
  'livereload-browser',
  'cli-on',
  'swept-agent',
  'client-page',
  'cli-serve-files',
  'random-operations',
  'stuck-client',
  'client-roots',
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
