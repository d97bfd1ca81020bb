// Puts what a benchmark printed into docs/benchmarks.md, so that nobody copies numbers by hand.
//
// node --import tsx scripts/bench/quote.ts watch|fanout|cli FILE   FILE as written by the benchmark's --markdown
import { readFileSync, writeFileSync } from 'node:fs';

const page = new URL('../../docs/benchmarks.md', import.meta.url);
/** How much deeper headings are on the page, by benchmark. */
const deeper: Readonly<Record<string, string>> = { watch: '', fanout: '#', cli: '' };

const [name = '', file = ''] = process.argv.slice(2);
const [begin, end] = [`<!-- bench:${name} -->\n`, `<!-- end of bench:${name} -->`];
const text = readFileSync(page, 'utf8');
const [from, to] = [text.indexOf(begin), text.indexOf(end)];
const more = deeper[name];
if (more === undefined || file === '' || from === -1 || to < from) {
  process.stderr.write('give the name of a benchmark that docs/benchmarks.md has marks for, and a file\n');
  process.exitCode = 2;
} else {
  // Two headings of one name would have one address; each part of the page has its goals.
  const results = readFileSync(file, 'utf8')
    .trim()
    .replace(
      /^### Goals$/m,
      name === 'watch' ? '### Goals' : `### Goals of ${name === 'cli' ? 'the CLI' : 'delivery'}`,
    )
    .replace(/^#/gm, `${more}#`);
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n${results}\n\n${text.slice(to)}`);
}
