import { describe, expect, it } from '@jest/globals';
import { instancePaths } from '../../shared/index.ts';
import { startFailure } from './start-failure.ts';

const instance = instancePaths('ci', { AGENT_RUNTIME_DIR: '/run', AGENT_STATE_DIR: '/state' });
const log = '12:00:00.000 info  stopping  reason="it could not start"\n';

function failure(words: string, code: number | null, signal: NodeJS.Signals | null = null) {
  const { message, hint, exitCode } = startFailure(instance, words, { code, signal });
  return { message, hint, exitCode };
}

describe('startFailure', () => {
  it("tells agentd's reason, and not its log", () => {
    expect(failure(`${log}agentd: port 1 is taken\n`, 1)).toEqual({
      message: 'the agent "ci" did not start (exit code 1): port 1 is taken',
      hint: 'its log is /state/ci.log',
      exitCode: 1,
    });
  });

  it('tells several mistakes, and is a usage error when agentd calls it one', () => {
    expect(failure('agentd: --port: bad\n--settle: bad\nSee agentd --help.\n', 2)).toEqual({
      message: 'the agent "ci" did not start (exit code 2): --port: bad',
      hint: '--settle: bad; See agentd --help.',
      exitCode: 2,
    });
  });

  it('tells the last words of one that chose none, and what ended one that had none', () => {
    const lines = ['1', '2', '3', '4', '5', 'Error: x'].join('\n');
    expect(failure(lines, 7).message).toBe('the agent "ci" did not start (exit code 7): 2');
    expect(failure('', null, 'SIGKILL').message).toBe('the agent "ci" did not start (SIGKILL)');
  });
});
