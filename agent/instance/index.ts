// instance/: one agent per user and name. Who owns the socket, the lock around taking it over, the run
// file that tells others, and the token.
export { bootId } from './boot-id.ts';
export { errorCode } from './file-errors.ts';
export { acquireLock, type Lock } from './lock.ts';
export { Place } from './place.ts';
export { loadToken } from './token.ts';
