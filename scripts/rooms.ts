// Draws the rooms of the code and the imports between them into CONTRIBUTING.md.
//
//   tsx scripts/rooms.ts            writes it
//   tsx scripts/rooms.ts --check    fails when the drawing there is another
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drawing } from './architecture/drawing.ts';
import { writeOrCheck } from './generated.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const [begin, end] = ['<!-- rooms: written by scripts/rooms.ts -->', '<!-- rooms end -->'];

const page = readFileSync(`${root}/CONTRIBUTING.md`, 'utf8');
const [from, to] = [page.indexOf(begin), page.indexOf(end)];
if (from === -1 || to < from) throw new Error(`CONTRIBUTING.md: no "${begin}" with "${end}" after it`);
const text = `${page.slice(0, from)}${begin}\n${drawing(root)}\n${page.slice(to)}`;
writeOrCheck('tsx scripts/rooms.ts', { 'CONTRIBUTING.md': text });
