// The .gitignore that a tree begins with.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fewNames } from './operations.ts';
import { rulesName } from './truth.ts';

/** How the trees of small operations that have rules begin. */
export function plantRules(directory: string): void {
  writeFileSync(join(directory, rulesName), `*.log\n/${fewNames[0]}/*\n!keep\n`);
}
