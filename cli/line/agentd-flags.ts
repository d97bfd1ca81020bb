// Written by scripts/cli-docs.ts from the settings of agentd.
import type { FlagWord } from './flag-words.ts';

/** The flags of agentd. */
export const agentdFlags: readonly FlagWord[] = [
  {
    name: 'backend',
    summary: 'how to watch: auto, directories, recursive, chokidar or polling (default: auto)',
    takesValue: true,
    repeats: false,
    completes: ['auto', 'directories', 'recursive', 'chokidar', 'polling'],
  },
  {
    name: 'settle',
    summary: 'milliseconds without a change that complete a batch of changes (default: 4)',
    takesValue: true,
    repeats: false,
  },
  {
    name: 'ignore',
    summary: 'glob of paths to leave out, relative to the root; repeatable',
    takesValue: true,
    repeats: true,
  },
  {
    name: 'no-gitignore',
    summary: "watch what git's rules and node_modules leave out, too",
    takesValue: false,
    repeats: false,
  },
  { name: 'host', summary: 'address to listen on (default: 127.0.0.1)', takesValue: true, repeats: false },
  {
    name: 'port',
    summary: 'TCP port to listen on, 0 for any free one (default: 5520, or a free one when that is taken)',
    takesValue: true,
    repeats: false,
  },
  {
    name: 'allow-host',
    summary: 'host name by which requests may call this agent, beside loopback; repeatable',
    takesValue: true,
    repeats: true,
  },
  {
    name: 'allow-origin',
    summary: 'origin whose pages may connect, beside loopback origins; repeatable',
    takesValue: true,
    repeats: true,
  },
  {
    name: 'allow-remote',
    summary: 'allow a --host that other machines can reach',
    takesValue: false,
    repeats: false,
  },
  {
    name: 'livereload',
    summary: 'tell pages of this machine when files change, without a token, as LiveReload servers do',
    takesValue: false,
    repeats: false,
  },
  {
    name: 'livereload-port',
    summary: 'listen for LiveReload on this loopback port, too; browser extensions expect 35729',
    takesValue: true,
    repeats: false,
  },
  {
    name: 'livereload-match',
    summary:
      'glob of paths that pages are told of, relative to the root; repeatable (default: everything but hidden files and what editors leave behind)',
    takesValue: true,
    repeats: true,
  },
  {
    name: 'name',
    summary: 'name of this agent; agents of different names run side by side (default: default)',
    takesValue: true,
    repeats: false,
    completes: 'instance',
  },
  {
    name: 'journal-bytes',
    summary: 'bytes of events kept for clients that are behind or come back (default: 16777216)',
    takesValue: true,
    repeats: false,
  },
  {
    name: 'no-store',
    summary: 'keep events in memory only: cursors end with the agent, and no message is written to disk',
    takesValue: false,
    repeats: false,
  },
  {
    name: 'log-level',
    summary: 'how much to log: error, warn, info or debug (default: info)',
    takesValue: true,
    repeats: false,
    completes: ['error', 'warn', 'info', 'debug'],
  },
  {
    name: 'log-file',
    summary: 'file for the log, as JSON lines, beside standard error',
    takesValue: true,
    repeats: false,
    completes: 'file',
  },
  {
    name: 'idle-exit',
    summary: 'end after so many milliseconds without clients, requests and directories added while running',
    takesValue: true,
    repeats: false,
  },
  {
    name: 'config',
    summary: 'JSON file of settings, by flag in camelCase (default: agent.config.json in the first DIR)',
    takesValue: true,
    repeats: false,
    completes: 'file',
  },
  {
    name: 'show-config',
    summary: 'print each setting and where it comes from, as JSON, and start nothing',
    takesValue: false,
    repeats: false,
  },
  { name: 'help', letter: 'h', summary: 'Show help', takesValue: false, repeats: false },
  { name: 'version', summary: 'Show the version', takesValue: false, repeats: false },
];
