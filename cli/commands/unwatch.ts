import { visibleText } from '../../shared/index.ts';
import { cliCommand } from '../agent/index.ts';
import { defineCommand, forEachOperand, withHint } from '../line/index.ts';
import { realPath } from '../paths/index.ts';

export const unwatch = defineCommand({
  name: 'unwatch',
  operands: 'DIR...',
  completes: 'root',
  summary: 'Have the agent watch a directory no longer, also one that is gone',
  examples: [['agent-cli unwatch ../lib', 'no more events from there']],
  flags: {},
  run(_flags, operands, { connection, output, json }) {
    const hint = `see: ${cliCommand(connection.instance, 'roots')}`;
    return forEachOperand(operands, 'DIR', output, async (directory) => {
      const query = new URLSearchParams({ path: realPath(directory) });
      try {
        const root = await connection.request<{ path: string }>({
          method: 'DELETE',
          path: `/v1/roots?${query}`,
        });
        if (json) output.json(JSON.stringify(root));
        else output.result(visibleText(`no longer watching ${root.path}`));
      } catch (error) {
        throw withHint(error, 'unknown_root', hint);
      }
    });
  },
});
