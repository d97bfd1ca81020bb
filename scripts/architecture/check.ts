// What the code does against the design: imports that the table forbids, circles, rooms without a door, and files
// that have grown a second idea.
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Import, importsOf, sourceFiles } from './imports.ts';
import {
  handsOver,
  isTest,
  mayImport,
  mostLines,
  partOf,
  sideDoors,
  testsMayImport,
  typesMayBeImported,
  withoutIndex,
} from './rooms.ts';

/** Code that ships, where an import that can't be read is a hole in this check. */
const production = /^(agent|cli|shared)\//;

/** Why `from` may not import `to`; undefined when it may. */
function objection(from: string, to: string, typeOnly: boolean): string | undefined {
  const [here, there] = [partOf(from), partOf(to)];
  if (here === undefined) return undefined; // told once for the file
  if (there === undefined) return `${to} belongs to no part of the code`;
  if (isTest(to) && !isTest(from)) return `${to} is a test's: nothing else imports it`;
  if (here === there) return undefined;

  const allowed =
    mayImport[here]?.includes(there) === true ||
    (isTest(from) && testsMayImport.includes(there)) ||
    (typeOnly && here.startsWith(typesMayBeImported[there] ?? '\0'));
  if (!allowed) {
    const hint = typesMayBeImported[there] !== undefined && !typeOnly ? ' but for its types' : '';
    return `${here} may not import ${there}${hint} (${to})`;
  }
  const isFolder = to.startsWith(`${there}/`);
  const isDoor = to === `${there}/index.ts` || sideDoors.includes(to);
  if (isFolder && !withoutIndex.includes(there) && !isDoor) {
    return `${there} is entered through its index.ts, not ${to}`;
  }
  return undefined;
}

/** Why a file is too long; undefined when it is not. */
function objectionToLength(root: string, file: string): string | undefined {
  const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1;
  if (lines <= mostLines) return undefined;
  return `${file}: has ${lines} lines, and may have ${mostLines}: split it by idea`;
}

/** The circles in a graph of files, each told once, from the file at which the search entered it. */
function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const entered = path.indexOf(file);
    if (entered !== -1) {
      found.push(`a circle: ${[...path.slice(entered), file].join(' → ')}`);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}

/** Everything under `root` that the rules above forbid, as lines to print. */
export function problemsIn(root: string): { problems: string[]; files: number; imports: number } {
  const problems: string[] = [];
  const graph = new Map<string, ReadonlySet<string>>();
  let imports = 0;
  const files = sourceFiles(root);

  for (const file of files) {
    if (partOf(file) === undefined) {
      problems.push(`${file}: belongs to no part of the code: add one to scripts/architecture/rooms.ts`);
    }
    const tooLong = objectionToLength(root, file);
    if (tooLong !== undefined) problems.push(tooLong);
    let found: Import[];
    try {
      found = importsOf(join(root, file));
    } catch (error) {
      problems.push(`${file}: cannot be parsed: ${(error as Error).message.trim()}`);
      continue;
    }
    const targets = new Set<string>();
    for (const { line, specifier, typeOnly } of found) {
      imports += 1;
      const problem = (text: string) => problems.push(`${file}:${line}: ${text}`);
      if (specifier === undefined) {
        if (production.test(file) && !handsOver.includes(file))
          problem('what this imports is computed, so that it cannot be checked');
        continue;
      }
      if (!/^[./#]/.test(specifier)) continue; // a package, or Node itself
      const target = posix.join(posix.dirname(file), specifier);
      if (specifier.startsWith('.') && target === 'package.json') continue;
      if (!specifier.startsWith('.') || !existsSync(join(root, target))) {
        problem(`${specifier} is no relative path to a file, its extension included`);
        continue;
      }
      if (!/\.[cm]?tsx?$/.test(target)) continue; // data
      targets.add(target);
      const why = objection(file, target, typeOnly);
      if (why !== undefined) problem(why);
    }
    graph.set(file, targets);
  }
  if (files.length === 0) problems.push(`${root}: no source files here, so nothing was checked`);
  return { problems: [...problems, ...circles(graph)], files: files.length, imports };
}
