import { readFileSync } from 'node:fs';

/** The protocol that this build speaks; it changes when an old client would misunderstand. */
export const protocolVersion = 1;

let cached: string | undefined;

/** The package's version, read once from the package.json one folder above both shared/ and dist/. */
export function version(): string {
  cached ??= (
    JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  ).version;
  return cached;
}
