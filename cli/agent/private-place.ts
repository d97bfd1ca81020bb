// Whether the agent's directories are this user's alone: asked before anything in them is believed.
import {
  DevagentError,
  type InstancePaths,
  objectionToPrivacy,
  requirePrivateDirectory,
} from '../../shared/index.ts';
import { UnsafePlaceError } from '../outcome/index.ts';

function requirePrivate(directory: string, purpose: 'runtime' | 'state'): void {
  try {
    requirePrivateDirectory(directory, purpose);
  } catch (error) {
    throw error instanceof DevagentError ? new UnsafePlaceError(error) : error;
  }
}

/**
 * Makes sure that a socket or run file of this instance can only be this user's. Called before each connection:
 * the directory may have been removed since the last one, and made anew by somebody else.
 * @throws UnsafePlaceError
 */
export function requirePrivateRuntime({ runtime }: InstancePaths): void {
  requirePrivate(runtime, 'runtime');
}

/**
 * The same for the token and the log that an agent keeps by itself.
 * @throws UnsafePlaceError
 */
export function requirePrivateState({ state }: InstancePaths): void {
  requirePrivate(state, 'state');
}

/** Whether what is in the runtime directory can be believed. */
export function isRuntimePrivate({ runtime }: InstancePaths): boolean {
  return objectionToPrivacy(runtime) === undefined;
}
