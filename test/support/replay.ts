// Run before each test file when TEST_SEED is set: fast-check's properties begin there, too. Without it each fails
// with the seed that it had, which repeats it.
import * as fc from 'fast-check';
import { testSeed } from './seed.ts';

fc.configureGlobal({ seed: testSeed() });
