// Files that a script writes and that are kept in the repository: written, or checked to be current.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** As the formatter wants it, so that it has nothing to say of what a script wrote. */
export function formatted(name: string, text: string): string {
  // On Windows the tool is a .cmd file, which only a shell starts.
  const shell = process.platform === 'win32';
  const biome = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url));
  return execFileSync(biome, ['format', `--stdin-file-path=${name}`], {
    input: text,
    encoding: 'utf8',
    shell,
  });
}

/**
 * Writes files; with `--check` on the command line says instead which of them are something else, and has the
 * process fail.
 * @param command what writes them
 * @param files text by path below the repository
 */
export function writeOrCheck(command: string, files: Readonly<Record<string, string>>): void {
  const check = process.argv.includes('--check');
  for (const [name, text] of Object.entries(files)) {
    const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
    if (!check) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
      console.error(`${name} is out of date: run "${command}"`);
      process.exitCode = 1;
    }
  }
}
