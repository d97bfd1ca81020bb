import { describe, expect, it } from '@jest/globals';
import { exitCodes } from './exit-codes.ts';
import { agentErrorFrom } from './problem.ts';

describe('agentErrorFrom', () => {
  it('shows the detail with the code, and keeps further members', () => {
    const error = agentErrorFrom(
      504,
      '{"type":"about:blank","title":"Timeout","status":504,"detail":"2 lag","code":"timeout","lagging":2}',
    );
    expect(error.message).toBe('2 lag (timeout)');
    expect(error.exitCode).toBe(exitCodes.timeRanOut);
    expect(error.problem['lagging']).toBe(2);
  });

  it.each(['', 'Bad Gateway', 'null', '"x"', '{"detail":7}'])('makes do with the status for %j', (body) => {
    const error = agentErrorFrom(502, body);
    expect(error.message).toBe('the agent answered with HTTP status 502 (http_502)');
    expect(error.exitCode).toBe(exitCodes.failed);
  });
});
