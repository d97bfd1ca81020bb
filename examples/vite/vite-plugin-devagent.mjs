import { join } from 'node:path';
import { connect } from 'devagent/client';

/**
 * Vite's changes from the agent, in the place of its own watcher.
 *
 * @param {import('devagent/client').ConnectOptions} [options] where the agent is, if not at its usual place
 * @returns {import('vite').Plugin}
 */
export function devagent(options = {}) {
  return {
    name: 'devagent',
    apply: 'serve',
    config(config) {
      // What is returned from here is merged in, and null would be lost in that.
      config.server = { ...config.server, watch: null };
    },

    async configureServer(server) {
      const { root, build, logger } = server.config;
      const agent = await connect({ name: 'vite', ...options });
      // Whatever feeds the watcher ends with it: when the server is closed, and when it is restarted.
      server.watcher.close = () => agent.close();

      // What Vite would watch, .env.local for one, which .gitignore has.
      const rules = { gitignore: false, ignore: ['**/node_modules', build.outDir] };
      const watch = () =>
        agent.roots.add(root, rules).catch((error) => {
          if (error.code !== 'root_differs') throw error;
          // Others watch it, too, and by rules of their own.
          logger.warn(`devagent: ${error.message}`);
          return agent.roots.add(root);
        });
      const events = agent.events({ topic: 'file' });
      // The first event is that the connection stands: nothing that is watched from here on is missed.
      await events.next();
      let { path: watched } = await watch();

      void (async () => {
        for await (const event of events) {
          // An agent that was started anew may not watch this directory.
          if (event.type === 'connected') watched = (await watch()).path;
          // Whatever was missed, be it a module, the config or a public file: everything is read anew, and pages reload.
          if (event.type === 'gap' && event.reason !== 'recrawl') await server.restart();
          if (event.type !== 'file' || event.root !== watched) continue;
          for (const { event: what, path } of event.changes) {
            server.watcher.emit(what, join(root, path));
            server.watcher.emit('all', what, join(root, path));
          }
        }
      })().catch((error) => {
        if (error.code !== 'closed') logger.error(`devagent: changes are seen no more: ${error.message}`);
      });
    },
  };
}
