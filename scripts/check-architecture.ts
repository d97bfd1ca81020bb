// Checks that imports point only the way that the design draws: data flows watch → journal → hub →
// serve, imports point back along those arrows or to shared/, and never in a circle. An import of a
// type counts as much as any other: it ties two files together just the same.
//
//   tsx scripts/check-architecture.ts [DIRECTORY]
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseSync } from '@swc/core';

/**
 * The parts of the code, and which others each may import. A part is a folder, or a file with those
 * named after it (`config.ts`, `config-flags.ts`); a file belongs to the longest name that fits, a test
 * to the part that it stands in. What is not listed is not allowed: a new part begins with a line here.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  'shared/client': ['shared'],
  'shared/livereload': ['shared'],

  'agent/log': ['shared'],
  'agent/config': ['shared'],
  'agent/instance': ['shared'],

  'agent/watch': ['shared'],
  'agent/journal': ['shared'],
  'agent/hub': ['agent/journal', 'shared'],
  'agent/livereload': ['shared', 'shared/livereload'],
  'agent/dashboard': ['shared'],
  // Runs in a browser: what it imports has nothing of Node in it.
  'agent/dashboard/page': ['shared', 'shared/client'],
  'agent/serve': ['agent/hub', 'agent/journal', 'agent/watch', 'shared'],

  // The composition root: these two know everybody, and nobody knows them.
  'agent/agent': [
    'agent/config',
    'agent/dashboard',
    'agent/hub',
    'agent/instance',
    'agent/journal',
    'agent/livereload',
    'agent/log',
    'agent/serve',
    'agent/watch',
    'shared',
  ],
  'agent/main': ['agent/agent', 'agent/config', 'agent/instance', 'agent/log', 'shared'],

  cli: ['shared', 'shared/client', 'shared/livereload'],

  'test/support': ['shared'],
  // Keep-alive takes a minute in the product's own times, so its test starts the agent in-process with others.
  'test/keep-alive': ['agent/agent', 'agent/config', 'agent/log', 'shared', 'test/support'],
  test: ['shared', 'test/support'],
  scripts: [
    'agent/config',
    'agent/hub',
    'agent/journal',
    'agent/serve',
    'agent/watch',
    'cli',
    'shared',
    'test/support',
  ],
};

/** Parts whose types, not their values, every part under the prefix may import. */
const typesMayBeImported: Readonly<Record<string, string>> = { 'agent/log': 'agent/' };

/** Tests, and the programs that they run from a fixtures folder: they may import more, and nobody them. */
const isTest = (file: string): boolean => file.endsWith('.test.ts') || file.includes('/fixtures/');

/** What a test may import on top of what its part may. */
const testsMayImport: readonly string[] = ['test/support'];

/** Folders without an index.ts: every file in them is public. All others are entered through theirs. */
const withoutIndex: readonly string[] = ['cli', 'test/support'];

/** Files besides an index.ts by which a folder may be entered: those that a page can load. */
const sideDoors: readonly string[] = [
  'shared/client/browser.ts',
  'shared/cursor.ts',
  'shared/event-text.ts',
  'shared/protocol.ts',
  'shared/units.ts',
  'shared/visible-text.ts',
];

/** Code that ships, where an import that can't be read is a hole in this check. */
const production = /^(agent|cli|shared)\//;

const sources = ['agent', 'cli', 'shared', 'scripts', 'test'];

/** One `import`, `export … from`, `import()`, `require()` or `import('…')` type. */
interface Import {
  readonly line: number;
  /** Undefined when it is computed at run time. */
  readonly specifier: string | undefined;
  readonly typeOnly: boolean;
}

interface Node {
  readonly [member: string]: unknown;
  readonly type?: string;
  readonly span?: { readonly start: number };
}

function literal(node: unknown): string | undefined {
  const { type, value, expressions, quasis } = (node ?? {}) as Node;
  if (type === 'StringLiteral') return value as string;
  if (type !== 'TemplateLiteral' || (expressions as unknown[]).length > 0) return undefined;
  return (quasis as { cooked: string }[])[0]?.cooked;
}

/** `import { type A, type B }` brings in types alone, as `import type` does. */
function bringsTypesAlone(node: Node): boolean {
  if (node['typeOnly'] === true) return true;
  const specifiers = (node['specifiers'] ?? []) as { isTypeOnly?: boolean }[];
  return specifiers.length > 0 && specifiers.every((specifier) => specifier.isTypeOnly === true);
}

/** What one node of the syntax tree imports, by its own kind, children left aside. */
function importOf(node: Node): Omit<Import, 'line'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      if (node['source'] === null) return undefined;
      return { specifier: literal(node['source']), typeOnly: bringsTypesAlone(node) };
    case 'TsImportType':
      return { specifier: literal(node['argument']), typeOnly: true };
    case 'TsExternalModuleReference':
      return { specifier: literal(node['expression']), typeOnly: false };
    case 'TsModuleDeclaration': {
      // declare module './other.ts' { … } reaches into that file.
      const specifier = literal(node['id']);
      return specifier === undefined ? undefined : { specifier, typeOnly: true };
    }
    case 'CallExpression': {
      const callee = node['callee'] as Node;
      if (callee.type !== 'Import' && callee['value'] !== 'require') return undefined;
      const [first] = node['arguments'] as { expression: unknown }[];
      return { specifier: literal(first?.expression), typeOnly: false };
    }
    default:
      return undefined;
  }
}

/** Everything that a file imports, wherever in it that stands. */
function importsOf(file: string): Import[] {
  const bytes = readFileSync(file);
  const found: Import[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    const node = value as Node;
    const imported = importOf(node);
    if (imported !== undefined) {
      // swc counts bytes, from 1.
      const before = bytes.subarray(0, (node.span?.start ?? 1) - 1);
      found.push({ ...imported, line: before.toString().split('\n').length });
    }
    for (const child of Object.values(node)) visit(child);
  };
  const tsx = file.endsWith('.tsx');
  visit(parseSync(bytes.toString(), { syntax: 'typescript', tsx, target: 'es2022' }).body);
  return found;
}

/** The part that a file belongs to: the longest name in the table that is its path's beginning. */
function partOf(file: string): string | undefined {
  const path = file.replace(/(\.test)?\.tsx?$/, '');
  return Object.keys(mayImport)
    .filter((part) => path === part || path.startsWith(`${part}/`) || path.startsWith(`${part}-`))
    .sort((a, b) => b.length - a.length)[0];
}

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

/** The TypeScript files of one of the top folders, relative to `root`, with `/` on every platform. */
function sourceFilesIn(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => posix.join(folder, file.replaceAll('\\', '/')))
    .filter((file) => /\.tsx?$/.test(file) && !file.includes('/node_modules/'))
    .sort();
}

/** Every import under `root` that the rules above forbid, as lines to print. */
function problemsIn(root: string): { problems: string[]; files: number; imports: number } {
  const problems: string[] = [];
  const graph = new Map<string, ReadonlySet<string>>();
  let imports = 0;
  const files = sources.flatMap((source) => sourceFilesIn(root, source));

  for (const file of files) {
    if (partOf(file) === undefined) {
      problems.push(`${file}: belongs to no part of the code: add one to scripts/check-architecture.ts`);
    }
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
        if (production.test(file)) problem('what this imports is computed, so that it cannot be checked');
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

const { problems, files, imports } = problemsIn(process.argv[2] ?? '.');
for (const problem of problems) console.error(problem);
console.log(`${files} files, ${imports} imports, ${problems.length} against the design`);
process.exitCode = problems.length === 0 ? 0 : 1;
