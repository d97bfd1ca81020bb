// The build that is measured: a copy, so that a build made while a run goes on does not change it half-way.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cleanups } from './cleanups.ts';

const project = new URL('../../../', import.meta.url);

/** A copy of dist/. */
export interface Build {
  /** agentd.js */
  readonly agentd: string;
  /** agent-cli.cjs */
  readonly cli: string;
  /** Of the files in dist/: two runs with the same one measured the same code. */
  readonly digest: string;
}

/** Copies dist/ to where it finds the project's dependencies; throws where there is none. */
export function copyBuild(cleanups: Cleanups): Build {
  const dist = new URL('dist/', project);
  if (!existsSync(new URL('agentd.js', dist))) throw new Error('there is no build: run npm run build first');
  const copy = new URL(`node_modules/.cache/bench-build-${process.pid}/`, project);
  cleanups.add(() => rmSync(copy, { recursive: true, force: true }));
  const copied = fileURLToPath(copy);
  mkdirSync(copy, { recursive: true });
  cpSync(dist, new URL('dist/', copy), { recursive: true });
  // It says that these are modules, and which version they are.
  cpSync(new URL('package.json', project), new URL('package.json', copy));
  const hash = createHash('sha256');
  const files = readdirSync(new URL('dist/', copy), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(relative(copied, file)).update(readFileSync(file));
  const file = (name: string): string => fileURLToPath(new URL(`dist/${name}`, copy));
  return { agentd: file('agentd.js'), cli: file('agent-cli.cjs'), digest: hash.digest('hex').slice(0, 8) };
}
