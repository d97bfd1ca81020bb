// `/v1/cursors`: the positions that the agent remembers for those who ask what changed.
import { formatCursor, type NamedCursor } from '../../shared/index.ts';
import { positionOfNow } from './changes.ts';
import { type Exchange, sendJson } from './context.ts';
import { ProblemError } from './problem.ts';
import { cursorBody, cursorNameParameter, noQuery, parseQuery, parseValue } from './schemas.ts';

/** All named cursors, the least recently used first. */
export function listCursors({ services, response, query }: Exchange): void {
  parseQuery(noQuery, query);
  const named: NamedCursor[] = services.cursors
    .list()
    .map(([name, { epoch, seq }]) => ({ name, cursor: formatCursor(epoch, seq) }));
  sendJson(response, 200, named);
}

/** Sets one, to now unless the body says otherwise. */
export async function setCursor({ services, request, response, query, params }: Exchange): Promise<void> {
  parseQuery(noQuery, query);
  const name = nameOf(params);
  const body = await services.bodies.json(request, {});
  const given = parseValue(cursorBody, body, 'bad_body').cursor;
  await services.cursorTurns.run(name, async () => {
    const cursor = given ?? (await positionOfNow(services));
    services.cursors.set(name, cursor);
    const answer: NamedCursor = { name, cursor: formatCursor(cursor.epoch, cursor.seq) };
    sendJson(response, 200, answer);
  });
}

/** Forgets one. */
export async function forgetCursor({ services, response, query, params }: Exchange): Promise<void> {
  parseQuery(noQuery, query);
  const name = nameOf(params);
  await services.cursorTurns.run(name, async () => {
    if (!services.cursors.delete(name)) {
      throw new ProblemError(404, 'unknown_cursor', `there is no cursor "${name}": see GET /v1/cursors`);
    }
    sendJson(response, 200, { name });
  });
}

function nameOf(params: Exchange['params']): string {
  return parseValue(cursorNameParameter, { name: params['name'] }, 'bad_name').name;
}
