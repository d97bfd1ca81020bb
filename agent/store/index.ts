// store/: what outlives the process: the journal's events, so that its cursors go on after a restart.
export { Store } from './store.ts';
