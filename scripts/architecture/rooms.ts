// The rooms of the code and who may import whom: data flows watch → journal → hub → serve, imports point back
// along those arrows or to shared/.

/**
 * The parts of the code, and which others each may import. A part is a folder, or a file with those
 * named after it (`listen.ts`, `listen-unix.ts`); a file belongs to the longest name that fits, a test
 * to the part that it stands in. What is not listed is not allowed: a new part begins with a line here.
 */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  'shared/client': ['shared'],
  'shared/flags': ['shared', 'shared/globs'],
  'shared/globs': [],
  'shared/livereload': ['shared'],

  'agent/log': ['shared'],
  'agent/config': ['shared', 'shared/flags', 'shared/globs'],
  'agent/instance': ['shared'],
  'agent/listen': ['shared'],
  'agent/idle-exit': [],
  'agent/keeping': ['agent/journal', 'agent/store', 'agent/watch', 'shared'],

  'agent/watch': ['shared', 'shared/globs'],
  'agent/journal': ['shared'],
  // Beside the journal: the composition root joins the two.
  'agent/store': ['agent/instance', 'agent/journal', 'shared'],
  'agent/hub': ['agent/journal', 'agent/watch', 'shared', 'shared/globs'],
  'agent/livereload': ['shared', 'shared/globs', 'shared/livereload'],
  'agent/dashboard': ['shared'],
  // Runs in a browser: what it imports has nothing of Node in it.
  'agent/dashboard/page': ['shared', 'shared/client'],
  'agent/serve': ['agent/hub', 'agent/journal', 'agent/watch', 'shared', 'shared/globs'],

  // The composition root: these two know everybody, and nobody knows them.
  'agent/agent': [
    'agent/config',
    'agent/dashboard',
    'agent/hub',
    'agent/idle-exit',
    'agent/instance',
    'agent/journal',
    'agent/keeping',
    'agent/listen',
    'agent/livereload',
    'agent/log',
    'agent/serve',
    'agent/watch',
    'shared',
  ],
  'agent/main': ['agent/agent', 'agent/config', 'agent/instance', 'agent/log', 'shared', 'shared/flags'],

  'cli/outcome': ['shared'],
  'cli/paths': ['shared'],
  'cli/screen': ['cli/outcome', 'shared'],
  'cli/agent': ['cli/outcome', 'cli/screen', 'shared', 'shared/client'],
  'cli/line': ['cli/agent', 'cli/outcome', 'cli/screen', 'shared', 'shared/flags'],
  'cli/completion': ['cli/agent', 'cli/line', 'cli/outcome', 'cli/paths', 'shared', 'shared/flags'],
  'cli/process': ['cli/agent', 'cli/outcome', 'cli/screen', 'shared'],
  'cli/start': [
    'cli/agent',
    'cli/line',
    'cli/outcome',
    'cli/process',
    'cli/screen',
    'shared',
    'shared/client',
    'shared/flags',
  ],
  'cli/stream': ['cli/agent', 'cli/line', 'cli/outcome', 'cli/screen', 'shared', 'shared/client'],
  'cli/doctor': [
    'cli/agent',
    'cli/outcome',
    'cli/paths',
    'cli/process',
    'cli/screen',
    'cli/stream',
    'shared',
    'shared/client',
  ],
  'cli/on': [
    'cli/agent',
    'cli/line',
    'cli/outcome',
    'cli/paths',
    'cli/screen',
    'cli/start',
    'cli/stream',
    'shared',
    'shared/client',
    'shared/flags',
    'shared/globs',
  ],
  'cli/serve': [
    'cli/agent',
    'cli/line',
    'cli/outcome',
    'cli/paths',
    'cli/screen',
    'cli/start',
    'cli/stream',
    'shared',
    'shared/client',
    'shared/globs',
    'shared/livereload',
  ],
  'cli/commands': [
    'cli/agent',
    'cli/completion',
    'cli/doctor',
    'cli/line',
    'cli/on',
    'cli/outcome',
    'cli/paths',
    'cli/process',
    'cli/screen',
    'cli/serve',
    'cli/start',
    'cli/stream',
    'shared',
    'shared/client',
    'shared/flags',
  ],
  // Its start.
  cli: [
    'cli/agent',
    'cli/commands',
    'cli/completion',
    'cli/line',
    'cli/outcome',
    'cli/screen',
    'shared',
    'shared/flags',
  ],

  'test/support': ['shared'],
  // Runs command lines in the process of the test.
  'test/support/cli-here': ['cli', 'cli/outcome', 'cli/screen', 'test/support'],
  // Keep-alive takes a minute in the product's own times, so its test starts the agent in-process with others.
  'test/keep-alive': ['agent/agent', 'agent/config', 'agent/log', 'shared', 'test/support'],
  test: ['shared', 'test/support', 'test/support/cli-here'],
  scripts: [
    'agent/config',
    'agent/hub',
    'agent/journal',
    'agent/serve',
    'agent/watch',
    'cli/commands',
    'cli/completion',
    'cli/line',
    'cli/outcome',
    'cli/screen',
    'shared',
    'shared/flags',
    'shared/globs',
    'test/support',
  ],
};

/** Parts whose types, not their values, every part under the prefix may import. */
export const typesMayBeImported: Readonly<Record<string, string>> = { 'agent/log': 'agent/' };

/** Tests, and what stands in a fixtures folder, programs and what they share: they may import more, and nobody them. */
export const isTest = (file: string): boolean => file.endsWith('.test.ts') || file.includes('/fixtures/');

/** What a test may import on top of what its part may. */
export const testsMayImport: readonly string[] = ['test/support'];

/** Folders without an index.ts: every file in them is public. All others are entered through theirs. */
export const withoutIndex: readonly string[] = ['cli', 'test/support'];

/** Files besides an index.ts by which a folder may be entered: those that a page can load, or at every start. */
export const sideDoors: readonly string[] = [
  'cli/completion/shell-names.ts',
  'shared/client/browser.ts',
  'shared/cursor.ts',
  'shared/event-text.ts',
  'shared/protocol-changes.ts',
  'shared/protocol.ts',
  'shared/units.ts',
  'shared/visible-text.ts',
];

/** The part that a file belongs to: the longest name in the table that is its path's beginning. */
export function partOf(file: string): string | undefined {
  const path = file.replace(/(\.test)?\.tsx?$/, '');
  return Object.keys(mayImport)
    .filter((part) => path === part || path.startsWith(`${part}/`) || path.startsWith(`${part}-`))
    .sort((a, b) => b.length - a.length)[0];
}

/** A file over this has a second idea; one that is all data is a `.json`. */
export const mostLines = 350;

/** A file that hands the process to another built program, by the place where that was installed. */
export const handsOver: readonly string[] = ['cli/commands/agent.ts'];
