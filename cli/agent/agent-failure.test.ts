import { describe, expect, it } from '@jest/globals';
import { errorOfAnswer } from '../../shared/client/index.ts';
import { instancePaths } from '../../shared/index.ts';
import { exitCodes, NoAgentError, RefusedError, UnusableAgentError } from '../outcome/index.ts';
import { explainFailure, startCommand } from './agent-failure.ts';

const env = { AGENT_RUNTIME_DIR: '/nowhere', AGENT_STATE_DIR: '/nowhere' };
const instance = instancePaths('default', env);
const systemError = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

describe('explainFailure', () => {
  it.each(['ENOENT', 'ENOTDIR', 'ECONNREFUSED'])('says after %s how to start an agent', (code) => {
    const error = explainFailure(systemError(code), instance, 5_000);
    expect(error).toBeInstanceOf(NoAgentError);
    expect(error.exitCode).toBe(exitCodes.noAgent);
    expect(error.message).toBe('no agent named "default" is running: start one with: agentd DIR');
  });

  it.each(['EACCES', 'EAGAIN', 'ECONNRESET', 'EPIPE', 'HPE_INVALID_CONSTANT'])(
    'says after %s that somebody is there, and what to do',
    (code) => {
      const error = explainFailure(systemError(code), instance, 5_000);
      expect(error).toBeInstanceOf(UnusableAgentError);
      expect(error.exitCode).toBe(exitCodes.noAgent);
      expect(error.hint).toBeDefined();
    },
  );

  it.each([
    [502, '', 'the agent answered with HTTP status 502 (http_502)', exitCodes.failed],
    [504, '{"detail":"2 lag","code":"timeout","lagging":2}', '2 lag (timeout)', exitCodes.timeRanOut],
  ])('repeats what the agent says when it refuses with %d %s', (status, body, message, exitCode) => {
    const error = explainFailure(errorOfAnswer(status, body), instance, 5_000);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ message, exitCode });
  });

  it('leaves an error alone that is explained already', () => {
    const error = explainFailure(systemError('ENOENT'), instance, 5_000);
    expect(explainFailure(error, instance, 5_000)).toBe(error);
  });
});

describe('startCommand', () => {
  it('names the instance where it is not the default one', () => {
    expect(startCommand(instance)).toBe('agentd DIR');
    expect(startCommand(instancePaths('ci', env))).toBe('agentd DIR --name ci');
  });
});
