// Builds dist/: the agent with its dependencies outside, the CLI bundled whole, because a CLI's
// start-up is mostly the opening of its modules.
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
} as const;

await Promise.all([
  build({ ...common, entryPoints: { agentd: 'agent/main.ts' }, packages: 'external' }),
  build({
    ...common,
    entryPoints: { 'agent-cli': 'cli/main.ts' },
    splitting: true,
    chunkNames: 'cli-[name]-[hash]',
    minifySyntax: true,
    minifyWhitespace: true,
    // Its three Intl.Segmenter objects take a third of the CLI's start.
    alias: { 'string-width': './cli/display-width.ts' },
    // CommonJS packages inside an ES module bundle still call require() for Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  }),
]);

for (const binary of ['agentd', 'agent-cli']) chmodSync(`${outdir}/${binary}.js`, 0o755);
