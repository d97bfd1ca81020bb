/**
 * The code of a system error, such as ENOENT; undefined for anything else. It asks for the code alone, because
 * `instanceof Error` is false for errors of another realm, and test runners run tests in one of their own.
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
