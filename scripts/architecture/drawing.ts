// The rooms that ship and the imports between them, as they are: a Mermaid flowchart, which code hosts show as a
// picture. Every room imports shared/, so those arrows are left out.
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { importsOf, sourceFiles } from './imports.ts';
import { isTest, partOf } from './rooms.ts';

const everybodys = 'shared';
const ships = /^(agent|cli|shared)\//;

/** Arrows between rooms, from importer to imported. */
function arrows(root: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const file of sourceFiles(root)) {
    if (!ships.test(file) || isTest(file)) continue;
    const here = partOf(file);
    if (here === undefined) continue;
    const targets = found.get(here) ?? new Set();
    found.set(here, targets);
    for (const { specifier } of importsOf(join(root, file))) {
      if (specifier?.startsWith('.') !== true) continue;
      const target = posix.join(posix.dirname(file), specifier);
      const there = existsSync(join(root, target)) && ships.test(target) ? partOf(target) : undefined;
      if (there !== undefined && there !== here && there !== everybodys) targets.add(there);
    }
  }
  return found;
}

const idOf = (room: string): string => room.replaceAll(/\W/g, '_');

/** The flowchart, fenced for Markdown. */
export function drawing(root: string): string {
  const rooms = [...arrows(root)].filter(([room]) => room !== everybodys).sort();
  const groups = new Map<string, string[]>();
  for (const [room] of rooms) {
    const top = room.split('/')[0] ?? room;
    groups.set(top, [...(groups.get(top) ?? []), room]);
  }
  const boxes = [...groups].flatMap(([top, members]) => [
    `  subgraph ${idOf(top)}_rooms["${top}/"]`,
    ...members.map((room) => `    ${idOf(room)}["${room === top ? room : room.slice(top.length + 1)}"]`),
    '  end',
  ]);
  const lines = rooms.flatMap(([room, targets]) =>
    [...targets].sort().map((target) => `  ${idOf(room)} --> ${idOf(target)}`),
  );
  return ['```mermaid', 'flowchart TD', ...boxes, ...lines, '```'].join('\n');
}
