// livereload/: what a LiveReload server needs, whoever it is that serves: the messages, what a batch of changes
// means to a page, the connected pages, and the reference client's own file.
export { ReloadBatches } from './batches.ts';
export { isPrivatePath } from './plan.ts';
export { alertTopic, type Reload } from './protocol.ts';
export { readScript } from './script.ts';
export { PageSessions } from './sessions.ts';
