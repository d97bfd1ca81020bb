// shared/globs/: paths against patterns, in time that no pattern and no path can make long.

export { type GitignoreFile, parseGitignore, type RulesEntry } from './gitignore.ts';
export { compileGlobs, globLimits, objectionToGlobs, type PathMatcher, type PathTest } from './globs.ts';
export { namedPaths } from './named-paths.ts';
