// Paths as people name them: where they lead, and when that changes.
export { LinkWatch, type NamedLink, targetOf } from './link-watch.ts';
export { innermostRoot, realPath, rootsHere } from './local-path.ts';
