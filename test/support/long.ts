// Laws that are proved by repetition: some of it in each run, and all of it where there is the time.

/**
 * How often a law is tried.
 * @param each in every run, so often that whoever breaks the law is found out as a rule
 * @param long with TEST_LONG=1, as `npm run test:long` has it
 */
export function times(each: number, long: number): number {
  return process.env['TEST_LONG'] === '1' ? long : each;
}
