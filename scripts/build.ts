// Builds dist/: the agent and the CLI, each bundled whole with what it depends on, and the client library. Most of
// a start is the opening of modules, and much of a small process's memory what they hold and never use.
import { chmodSync, copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { writeClientTypes } from './client-types.ts';

const outdir = 'dist';
rmSync(outdir, { recursive: true, force: true });

const common = {
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  legalComments: 'linked',
  logLevel: 'warning',
  // Its three Intl.Segmenter objects take a third of the CLI's start.
  alias: { 'string-width': './cli/screen/display-width.ts' },
  // A third of it is blanks, which V8 would read at each start. Names stay, so that the stack in a crash's log
  // line leads somewhere.
  minifySyntax: true,
  minifyWhitespace: true,
} as const;

await Promise.all([
  build({
    ...common,
    format: 'esm',
    splitting: true,
    entryPoints: { agentd: 'agent/main.ts' },
    chunkNames: 'agent-[name]-[hash]',
    // CommonJS packages inside an ES module bundle still call require() for Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  }),
  // One CommonJS file: Node's loader of ES modules, and its way of handing out its own modules to them, take a
  // tenth of this program's whole time. What import() loads is in the file, too, but is run, and compiled, only
  // when it is asked for.
  build({
    ...common,
    format: 'cjs',
    entryPoints: { 'agent-cli': 'cli/main.ts' },
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.url': '__moduleUrl' },
    banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  }),
  build({
    ...common,
    format: 'esm',
    splitting: true,
    entryPoints: { 'client/node': 'shared/client/node.ts' },
    chunkNames: 'client/[name]-[hash]',
    // Its users' bundlers and debuggers are to see one ws, their own if they have it.
    external: ['ws'],
  }),
  build({
    outdir,
    bundle: true,
    platform: 'browser',
    // Private members and `static` blocks as they are: every browser of the last years has them.
    target: 'es2022',
    format: 'esm',
    minify: true,
    logLevel: 'warning',
    entryPoints: { 'client/browser': 'shared/client/browser.ts' },
  }),
  build({
    outdir: `${outdir}/dashboard`,
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    minify: true,
    legalComments: 'linked',
    logLevel: 'warning',
    tsconfig: 'agent/dashboard/page/tsconfig.json',
    entryPoints: [
      { in: 'agent/dashboard/page/main.tsx', out: 'app' },
      { in: 'agent/dashboard/page/app.css', out: 'app' },
    ],
  }),
  writeClientTypes(`${outdir}/client`),
]);

// By its file's name it knows what it was called, also where a command is a script that names the file.
writeFileSync(join(outdir, 'devagent.cjs'), "#!/usr/bin/env node\nrequire('./agent-cli.cjs');\n");
for (const binary of ['agentd.js', 'agent-cli.cjs', 'devagent.cjs']) chmodSync(`${outdir}/${binary}`, 0o755);

for (const file of ['index.html', 'favicon.svg']) {
  copyFileSync(join('agent/dashboard/page', file), join(outdir, 'dashboard', file));
}

const { resolve } = createRequire(import.meta.url);
// Bundled into the dashboard without a word of them.
for (const name of ['preact', 'uplot']) {
  const license = join(dirname(resolve(`${name}/package.json`)), 'LICENSE');
  copyFileSync(license, join(outdir, 'dashboard', `${name}.LICENSE.txt`));
}

// The reference client of LiveReload, which pages load as it is.
const liveReload = resolve('livereload-js');
copyFileSync(liveReload, `${outdir}/livereload.js`);
copyFileSync(join(dirname(liveReload), '../LICENSE'), `${outdir}/livereload.LICENSE.txt`);
