// Packages that only a benchmark or a tool needs: each set has a package.json and lock file of its own, so that
// it is no dependency of the project, and is installed when it is first used.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Version of a package in `directory`/node_modules; throws where there is none. */
export function packageVersion(name: string, directory: URL): string {
  const file = new URL(`node_modules/${name}/package.json`, directory);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/**
 * Installs the packages that `packages`/package.json lists into `directory`, unless the one named is there in the
 * version that is wanted. An installation empties the folder, so who may run at the same time needs another.
 * @param packages the folder of a package.json and a package-lock.json
 * @param say told what takes time
 * @returns the version of the one named
 * @throws Error when it can't be installed, without a network, say
 */
export function installPackages(
  name: string,
  packages: URL,
  directory: URL,
  say: (text: string) => void,
): string {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', packages), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  try {
    const installed = packageVersion(name, directory);
    if (installed === dependencies[name]) return installed;
  } catch {
    // Not installed yet.
  }
  say(`installing ${name} into ${fileURLToPath(directory)} (npm ci)`);
  mkdirSync(directory, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    copyFileSync(new URL(file, packages), new URL(file, directory));
  }
  // Install scripts would only compile what prebuilt packages hold.
  execFileSync('npm', ['ci', '--ignore-scripts'], {
    cwd: fileURLToPath(directory),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return packageVersion(name, directory);
}
