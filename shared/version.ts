import { readFileSync } from 'node:fs';

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
}

let cached: Manifest | undefined;

/** The package.json one folder above both shared/ and dist/, read once. */
function manifest(): Manifest {
  cached ??= JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Manifest;
  return cached;
}

/** The package's version. */
export function version(): string {
  return manifest().version;
}

/** The oldest Node that the package runs on, as in `20.19.0`. */
export function oldestNode(): string {
  return manifest().engines.node.replace(/^>=/, '');
}
