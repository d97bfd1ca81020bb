// A root with files that its rules leave out.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestAgent } from './agent.ts';

/** Writes a file into the agent's first root. */
export function write(agent: TestAgent, path: string, text = 'x'): void {
  writeFileSync(join(agent.root, path), text);
}

/** A root that leaves out dist and build. */
export async function fill(agent: TestAgent): Promise<void> {
  write(agent, '.gitignore', '/dist/\n/build/\n*.log\n');
  for (const directory of ['src', 'dist/js', 'build', '.git'])
    mkdirSync(join(agent.root, directory), { recursive: true });
  for (const path of ['src/a.ts', 'src/a.log', 'dist/js/a.js', 'build/b.o', '.git/HEAD']) write(agent, path);
  await agent.sync();
}
