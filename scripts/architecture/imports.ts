// What the source files import: read from their syntax, a type as much as any other, for that ties two files
// together just the same.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseSync } from '@swc/core';

const sources = ['agent', 'cli', 'shared', 'scripts', 'test'];

/** One `import`, `export … from`, `import()`, `require()` or `import('…')` type. */
export interface Import {
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
export function importsOf(file: string): Import[] {
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

/** The TypeScript files of one of the top folders, relative to `root`, with `/` on every platform. */
function sourceFilesIn(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => posix.join(folder, file.replaceAll('\\', '/')))
    .filter((file) => /\.tsx?$/.test(file) && !file.includes('/node_modules/'))
    .sort();
}

/** All source files below `root`, in the order of their paths. */
export function sourceFiles(root: string): string[] {
  return sources.flatMap((source) => sourceFilesIn(root, source));
}
