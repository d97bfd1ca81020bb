/** A glob that is not taken, and why. */
export class GlobError extends Error {
  override readonly name = 'GlobError';

  /** @param message completes "the glob …": says what is wrong with it, and what to write instead */
  constructor(message: string) {
    super(message);
  }
}
