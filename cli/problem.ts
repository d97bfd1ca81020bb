import type { IncomingMessage } from 'node:http';
import type { Problem } from '../shared/index.ts';
import { AgentError } from './errors.ts';

/** The whole body of an answer, as text. */
export async function readBody(answer: IncomingMessage): Promise<string> {
  answer.setEncoding('utf8');
  let body = '';
  for await (const chunk of answer) body += chunk;
  return body;
}

function asProblem(body: string): Partial<Problem> & Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(body);
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>;
  } catch {
    // Not JSON: an error that came from below the agent's router, told by its status alone.
  }
  return {};
}

/** The error that an answer with a status of 400 or more carries. */
export function agentErrorFrom(status: number, body: string): AgentError {
  const content = asProblem(body);
  const { type, title, detail, code } = content;
  return new AgentError({
    ...content,
    type: typeof type === 'string' ? type : 'about:blank',
    title: typeof title === 'string' ? title : `HTTP ${status}`,
    status,
    detail: typeof detail === 'string' ? detail : `the agent answered with HTTP status ${status}`,
    code: typeof code === 'string' ? code : `http_${status}`,
  });
}
