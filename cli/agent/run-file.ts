import { type InstancePaths, limits, type RunFile, readRegularFile } from '../../shared/index.ts';
import { isRuntimePrivate } from './private-place.ts';

/**
 * What the agent wrote about itself once it listened, as far as it can be read: an agent that was killed
 * leaves its file behind, one that is just starting has none yet, and none of it may be relied on. Nothing where
 * somebody else could have written it.
 */
export function runFileHints(instance: InstancePaths): Partial<RunFile> {
  if (!isRuntimePrivate(instance)) return {};
  let content: unknown;
  try {
    content = JSON.parse(readRegularFile(instance.runFile, limits.settingsFileBytes).text);
  } catch {
    // Missing, unreadable or half a file: all the same to those who only want a hint.
    return {};
  }
  if (typeof content !== 'object' || content === null) return {};
  const { pid, version, url, roots, args, logFile } = content as Record<string, unknown>;
  return {
    ...(typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 ? { pid } : {}),
    ...(typeof version === 'string' ? { version } : {}),
    ...(typeof url === 'string' ? { url } : {}),
    ...(isTextList(roots) ? { roots } : {}),
    ...(isTextList(args) ? { args } : {}),
    ...(typeof logFile === 'string' ? { logFile } : {}),
  };
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
