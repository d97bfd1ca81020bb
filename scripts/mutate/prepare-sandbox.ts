// Runs in the copy of the project that Stryker makes: links the packages, which Stryker would do only after the
// build, and builds where the tests start built programs.
//
// prepare-sandbox.ts PROJECT [--build]
import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';

const [project = '', build] = process.argv.slice(2);
for (const directory of ['node_modules', 'scripts/api-docs/node_modules']) {
  symlinkSync(join(project, directory), directory);
}
if (build === '--build') execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
