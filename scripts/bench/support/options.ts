// What the command lines of benchmarks have in common.

/**
 * The words of a list with commas.
 * @returns in the order in which they stand in `known`: agentd is what the others are compared with
 * @throws Error that names the flag and the word that is none of them
 */
export function words<Word extends string>(name: string, text: string, known: readonly Word[]): Word[] {
  const given = text.split(',');
  const unknown = given.find((word) => !known.includes(word as Word));
  if (unknown !== undefined) throw new Error(`--${name}: ${unknown} is none of ${known.join(', ')}`);
  return known.filter((word) => given.includes(word));
}
