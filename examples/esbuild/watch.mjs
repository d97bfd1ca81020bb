import { connect } from 'devagent/client';
import { context } from 'esbuild';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

const agent = await connect({ name: 'esbuild' });
const build = await context({
  entryPoints: ['src/main.js'],
  bundle: true,
  outdir: 'dist',
  sourcemap: true,
  logLevel: 'info',
});
try {
  let root = '';
  for await (const event of agent.events({ topic: 'file', match: 'src/**', signal: stop.signal })) {
    // An agent that was started anew may not watch this directory.
    if (event.type === 'connected') root = (await agent.roots.add(process.cwd())).path;
    if (event.type === 'lost' || (event.type === 'file' && event.root !== root)) continue;
    // At first, after a change, and when one may have been missed.
    const startedMs = performance.now();
    try {
      await build.rebuild();
      console.log(`built in ${Math.round(performance.now() - startedMs)} ms`);
    } catch {
      // esbuild has said what is wrong with the source: the next change may mend it.
    }
  }
} finally {
  await build.dispose();
  await agent.close();
}
