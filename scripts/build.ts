// Builds dist/: the agent and the CLI, each bundled whole with what it depends on. Most of a start is the
// opening of modules, and much of a small process's memory what they hold and never use.
import { chmodSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const outdir = 'dist';
rmSync(outdir, { recursive: true, force: true });

const common = {
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  legalComments: 'linked',
  logLevel: 'warning',
  splitting: true,
  // Its three Intl.Segmenter objects take a third of the CLI's start.
  alias: { 'string-width': './cli/display-width.ts' },
  // A third of it is blanks, which V8 would read at each start. Names stay, so that the stack in a crash's log
  // line leads somewhere.
  minifySyntax: true,
  minifyWhitespace: true,
  // CommonJS packages inside an ES module bundle still call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
} as const;

await Promise.all([
  build({
    ...common,
    entryPoints: { agentd: 'agent/main.ts' },
    chunkNames: 'agent-[name]-[hash]',
  }),
  build({
    ...common,
    entryPoints: { 'agent-cli': 'cli/main.ts' },
    chunkNames: 'cli-[name]-[hash]',
  }),
]);

for (const binary of ['agentd', 'agent-cli']) chmodSync(`${outdir}/${binary}.js`, 0o755);
