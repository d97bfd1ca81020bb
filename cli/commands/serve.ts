import { resolve } from 'node:path';
import { listFlag, switchFlag, textFlag, wholeNumberFlag } from '../../shared/flags/index.ts';
import { isLoopbackHost, UsageError } from '../../shared/index.ts';
import { defineCommand } from '../line/index.ts';
import { namedDirectory, startFlags } from '../start/index.ts';

export const serve = defineCommand({
  name: 'serve',
  operands: '[DIR]',
  summary: 'Serve a folder to the browser, whose pages reload when its files change',
  details:
    'Without DIR it serves the current directory. Style sheets and images are replaced without a reload. Hidden files are not served, and links that lead out of the folder neither.',
  examples: [
    ['agent-cli serve --open', 'serve the current directory, and show it'],
    ['agent-cli serve dist --spa', 'serve what a bundler makes; unknown pages are index.html'],
    ['agent-cli serve --host 0.0.0.0 --allow-remote', 'let the phone on the same network see it'],
  ],
  flags: {
    port: wholeNumberFlag(
      'Port to listen on, 5500 by default or a free one if that is taken; 0 for any',
      0,
      65_535,
    ),
    host: textFlag('Address to listen on, 127.0.0.1 by default'),
    'allow-remote': switchFlag('Allow a --host that other machines can reach'),
    'allow-host': listFlag(
      'Host name that it answers to besides this machine’s own, as of a tunnel; may be given often',
    ),
    open: switchFlag('Show it in the browser'),
    spa: switchFlag('Answer with index.html where a page is not there'),
    ignored: switchFlag('Reload for files that ignore rules leave out, too'),
    ...startFlags,
  },
  async run(flags, operands, context) {
    const [directory = '.', ...others] = operands;
    if (others.length > 0) throw new UsageError(`"serve" takes one directory: what is "${others[0]}"?`);
    const root = namedDirectory(directory);
    const host = flags.host ?? '127.0.0.1';
    const isRemote = !isLoopbackHost(host);
    if (isRemote && !flags['allow-remote']) {
      throw new UsageError(
        `--host ${host} can be reached by other machines`,
        'add --allow-remote if they shall see the folder',
      );
    }
    const { serveFolder } = await import('../serve/index.ts');
    return serveFolder(context, {
      path: resolve(directory),
      root,
      host,
      isRemote,
      port: flags.port,
      allowHost: flags['allow-host'],
      open: flags.open,
      spa: flags.spa,
      ignored: flags.ignored,
      noStart: flags['no-start'],
    });
  },
});
