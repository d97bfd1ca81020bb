/** A flag for Node: to the program that follows the disk shows no birth times. */
export const withoutBirthTimes = `--import=${new URL('fixtures/without-birth-times.mjs', import.meta.url)}`;
