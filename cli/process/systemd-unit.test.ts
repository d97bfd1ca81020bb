import { describe, expect, it } from '@jest/globals';
import { systemdUnitOf } from './systemd-unit.ts';

describe('systemdUnitOf', () => {
  it.each([
    ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/devagent.service\n', 'devagent.service'],
    ['0::/user.slice/user@1000.service/app.slice/devagent@ci.service\n', 'devagent@ci.service'],
    ['1:name=systemd:/devagent.service\n0::/x\n', 'devagent.service'],
    ['0::/user.slice/user@1000.service/app.slice/app-terminal.scope\n', undefined],
    ['0::/user.slice/user@1000.service/app.slice/devagent.service/inner\n', undefined],
    ['0::/system.slice/notdevagent.service\n', undefined],
    ['', undefined],
  ])('finds in %j %s', (groups, unit) => {
    expect(systemdUnitOf(1, () => groups)).toBe(unit);
  });

  it('finds nothing for a process that is none', () => {
    expect(systemdUnitOf(2 ** 30)).toBeUndefined();
  });
});
