// instance/: one agent per user and name. Who owns the socket, the lock around taking it over, the run
// file that tells others, and the token.
export { Place } from './place.ts';
export { loadToken } from './token.ts';
