// Where a test's random numbers begin: elsewhere in each run, and at the same place again in one that repeats it.

/** A seed, for a test that prints it when it fails: that of `TEST_SEED` in the environment, else a fresh one. */
export function testSeed(): number {
  const given = process.env['TEST_SEED'];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}
