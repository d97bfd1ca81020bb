// What the agent answers about what changed, as schemas, held to the types as those in schemas.ts are.
import * as z from 'zod';
import type { ChangesAnswer, NamedCursor } from '../../shared/index.ts';
import type { Expect, Same } from './same-type.ts';
import { change, count, cursor, messageFrame, name, told } from './schemas.ts';

const namedCursor = name(
  'NamedCursor',
  'A cursor that the agent remembers',
  z.object({ name: z.string(), cursor }),
);

const netChange = name(
  'NetChange',
  "One path's part of the difference since a cursor",
  z.object({ ...change.omit({ from: true }).shape, root: z.string() }),
);

/** The answers of `/v1/changes` and `/v1/cursors`. */
export const changesAnswers = {
  changes: name(
    'Changes',
    'What changed since a cursor',
    z.object({
      since: told('null without one, and for a named cursor that did not exist', cursor.nullable()),
      cursor: told('the next difference begins here', cursor),
      complete: told('if not, everything may have changed', z.boolean()),
      reason: z.enum(['epoch', 'expired', 'new', 'limit']).nullable(),
      changes: z.array(netChange),
      total: told('how many changes there are, where `limit` cut some off', count),
      messages: z.array(messageFrame),
      messagesComplete: z.boolean(),
    }),
  ),
  cursor: namedCursor,
  cursors: z.array(namedCursor),
  forgotten: z.object({ name: z.string() }),
} as const;

/** Does not compile where a schema and its type say different things. */
export type ChangesSchemasAreTheTypes = [
  Expect<Same<z.output<typeof changesAnswers.changes>, ChangesAnswer>>,
  Expect<Same<z.output<typeof changesAnswers.cursor>, NamedCursor>>,
];
