// What roots leave out by default, from the outside.
import { expect, it } from '@jest/globals';
import type { TestAgent } from './support/agent.ts';
import type { Answer } from './support/ask.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { sharedAgent } from './support/shared-agent.ts';

const shared = sharedAgent();

function add(agent: TestAgent, root: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return agent.request('/v1/roots', { method: 'POST', headers, body: JSON.stringify(root) });
}

it('refuses to watch a root in another way than it is watched, and says in which', async () => {
  const agent = shared();
  const path = temporaryDirectory();
  const addIt = (fields: object) => add(agent, { path, ...fields });
  expect((await addIt({ ignore: ['*.log', 'tmp/**'] })).status).toBe(200);
  for (const fields of [
    {},
    { ignore: ['tmp/**', '*.log', '*.log'] },
    { gitignore: true },
    { ignore: ['*.log', 'tmp/**'], gitignore: true },
  ]) {
    expect((await addIt(fields)).json()).toMatchObject({ path });
  }
  const refused: [object, string][] = [
    [{ ignore: [] }, 'ignore ["*.log","tmp/**"], not ignore []'],
    [{ ignore: ['*.log'], gitignore: true }, 'ignore ["*.log","tmp/**"], not ignore ["*.log"]'],
    [{ gitignore: false }, 'gitignore true, not gitignore false'],
    [
      { ignore: ['a'], gitignore: false },
      'ignore ["*.log","tmp/**"] and gitignore true, not ignore ["a"] and gitignore false',
    ],
  ];
  for (const [fields, detail] of refused) {
    const answer = await addIt(fields);
    expect(answer.json()).toMatchObject({ status: 409, code: 'root_differs' });
    expect(answer.json<{ detail: string }>().detail).toContain(`${path} is already watched with ${detail}: `);
  }
  // The agent's own first root, with what holds for all.
  const first = await add(agent, { path: agent.root, ignore: ['x'] });
  expect(first.json()).toMatchObject({ status: 409, code: 'root_differs' });
  expect((await add(agent, { path: agent.root, ignore: [] })).status).toBe(200);
});
