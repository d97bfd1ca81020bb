import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CliError, exitCodes } from '../outcome/index.ts';

/**
 * The agentd of this package: the build puts both binaries, and what they share, in one folder.
 * @throws CliError when it is not there
 */
export function agentdProgram(): string {
  const program = fileURLToPath(new URL('./agentd.js', import.meta.url));
  if (existsSync(program)) return program;
  throw new CliError(exitCodes.failed, `the agent's program ${program} is missing`, {
    hint: 'install devagent again, or build it with: npm run build',
  });
}
