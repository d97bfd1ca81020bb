// Writes docs/api.md, the reference of devagent/client, from the doc blocks of what it exports; fails as well when
// one of them is missing, or leads nowhere.
//
//   tsx scripts/api-docs/main.ts            writes it
//   tsx scripts/api-docs/main.ts --check    fails when what is there is something else
//
// This folder is a package of its own for the sake of typedoc, which needs the compiler's JavaScript API: it gets a
// TypeScript that still has one, and everything else keeps the repository's.
import { Application, TSConfigReader } from 'typedoc';
import { writeOrCheck } from '../generated.ts';
import { chapters } from './chapters.ts';
import { ReferencePage } from './page.ts';
import { undocumentedParameters, unsorted } from './rules.ts';

const entry = 'shared/client/node.ts';

const app = await Application.bootstrap(
  {
    // The declarations for pages are those for Node; what a page's entry has of its own is to be documented no less.
    entryPoints: [entry, 'shared/client/browser.ts'],
    tsconfig: 'shared/client/tsconfig.json',
    // Another check's business.
    skipErrorChecking: true,
    excludeExternals: true,
    excludeInternal: true,
    disableSources: true,
    disableGit: true,
    readme: 'none',
    sort: ['source-order'],
    logLevel: 'Warn',
    validation: { notDocumented: true, notExported: true, invalidLink: true, invalidPath: true },
    requiredToBeDocumented: [
      'Function',
      'Class',
      'Interface',
      'TypeAlias',
      'Variable',
      'Property',
      'Method',
      'Accessor',
    ],
    // No member of ours: what Extract is given.
    intentionallyNotDocumented: ['node.AgentEventOf.__type.type'],
  },
  [new TSConfigReader()],
);
const project = await app.convert();
const exported = project?.getChildByName('node');
if (project === undefined || exported === undefined || !exported.isDeclaration()) {
  throw new Error(`typedoc could not read ${entry}`);
}
app.validate(project);
for (const problem of [...undocumentedParameters(exported), ...unsorted(exported, chapters)]) {
  app.logger.error(problem);
}
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;

writeOrCheck('tsx scripts/api-docs/main.ts', { 'docs/api.md': new ReferencePage(exported, chapters).text() });
