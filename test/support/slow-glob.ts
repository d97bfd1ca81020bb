// The slowest kind of glob that is accepted, and paths against which it is slow.

/** Takes close to `globLimits.steps` for each character of a name, from its end to its beginning, and matches none. */
export const slowGlob = `*x*a${'?'.repeat(450)}*`;

/** Others like it: as slow, and different from one another. */
export function slowGlobs(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `*x*a${'?'.repeat(449 - index)}*`);
}

/** A name of letters in no order, so that no state is met twice. */
export function slowName(length: number, seed: number): string {
  let state = seed * 2_654_435_761 + 1;
  let name = '';
  while (name.length < length) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    name += (state >> 16) & 1 ? 'a' : 'b';
  }
  return name;
}
