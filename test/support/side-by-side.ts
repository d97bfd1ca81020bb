// Tests that wait most of their time, for a limit to be over: one after the other they would take it once each.
import { it } from '@jest/globals';
import { forAllTests } from './cleanup.ts';

/**
 * Declares tests that all begin when the first of them is due; each is told of by itself.
 * @param tests by their names; they share nothing, and may use `cleanUpWith`
 */
export function itSideBySide(tests: Readonly<Record<string, () => Promise<void>>>): void {
  const run = async (test: () => Promise<void>): Promise<{ error: unknown } | undefined> => {
    try {
      await test();
      return undefined;
    } catch (error) {
      return { error };
    }
  };
  const failures = forAllTests(async () => {
    const names = Object.keys(tests);
    const ended = await Promise.all(Object.values(tests).map(run));
    return new Map(names.map((name, index) => [name, ended[index]]));
  });
  it.each(Object.keys(tests))('%s', (name) => {
    const failure = failures().get(name);
    if (failure !== undefined) throw failure.error;
  });
}
