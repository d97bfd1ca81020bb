// shared/globs/: paths against patterns, in time that no pattern and no path can make long.
export { GlobError } from './glob-error.ts';
export { compileGlobs, globLimits, objectionToGlobs, type PathTest } from './globs.ts';
