// livereload/: tells pages to reload, by LiveReload's protocol 7. It hears of changes and messages, and knows
// nothing of clients and tokens: what it says is the path of a file, relative to whichever root it is in.
export { LiveReload } from './live-reload.ts';
