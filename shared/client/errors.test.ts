import { describe, expect, it } from '@jest/globals';
import { AgentAuthError, errorOfAnswer } from './errors.ts';

describe('errorOfAnswer', () => {
  it('shows the detail with the code, and keeps further members', () => {
    const error = errorOfAnswer(
      504,
      '{"type":"about:blank","title":"Timeout","status":504,"detail":"2 lag","code":"timeout","lagging":2}',
    );
    expect(error.message).toBe('the agent refuses: 2 lag (timeout)');
    expect(error.code).toBe('timeout');
    expect(error.problem).toMatchObject({ status: 504, detail: '2 lag', lagging: 2 });
  });

  it.each(['', 'Bad Gateway', 'null', '"x"', '{"detail":7}', '{"code":{},"title":[],"type":null}'])(
    'makes do with the status for %j',
    (body) => {
      const error = errorOfAnswer(502, body);
      expect(error.message).toBe('the agent refuses: HTTP 502 (http_502)');
      expect(error.code).toBe('http_502');
      const type = 'about:blank';
      expect(error.problem).toMatchObject({
        type,
        title: 'HTTP 502',
        detail: 'HTTP 502',
        code: 'http_502',
        status: 502,
      });
    },
  );

  it('tells apart the refusals that are about who asks', () => {
    for (const status of [401, 403]) expect(errorOfAnswer(status, '')).toBeInstanceOf(AgentAuthError);
    expect(errorOfAnswer(404, '')).not.toBeInstanceOf(AgentAuthError);
  });
});
