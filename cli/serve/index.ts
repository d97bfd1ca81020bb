// serve/: a folder as a web site on this machine, whose pages reload when its files change. It is imported when it
// is wanted, because what it is made of takes its time to load.
export { serveFolder } from './serve.ts';
