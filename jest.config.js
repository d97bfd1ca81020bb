// Node reads what this names at each start, 150 certificates as a rule: more than half of what a start costs. Nobody
// here speaks TLS, and tests start a thousand processes.
delete process.env.NODE_EXTRA_CA_CERTS;

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Where it is installed, jest would start its daemon and leave it running.
  watchman: false,
  roots: ['<rootDir>/agent', '<rootDir>/cli', '<rootDir>/shared', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testSequencer: '<rootDir>/test/longest-first.js',
  // TEST_SEED=N repeats a failure: with it, all that is random begins at that seed.
  setupFiles: process.env.TEST_SEED === undefined ? [] : ['<rootDir>/test/support/replay.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Whole-process tests wait for conditions; this is only the point at which a hung one is given up.
  testTimeout: 60_000,
  // On two cores. Whole-process tests wait more than they work: a third worker takes a sixth off the whole, and
  // more would make every process slow.
  maxWorkers: 3,
};
