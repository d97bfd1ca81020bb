// dashboard/: the page at `/`, and how a browser comes to see it. Who is let in with what is the guard's to decide.
export { Dashboard } from './dashboard.ts';
export { Sessions } from './sessions.ts';
