// Checks that the code keeps to the design; scripts/architecture/rooms.ts has the rules.
//
//   tsx scripts/check-architecture.ts [DIRECTORY]
import { problemsIn } from './architecture/check.ts';

const { problems, files, imports } = problemsIn(process.argv[2] ?? '.');
for (const problem of problems) console.error(problem);
console.log(`${files} files, ${imports} imports, ${problems.length} against the design`);
process.exitCode = problems.length === 0 ? 0 : 1;
