// The dashboard as a person has it: in a real browser, let in by a link. Who else may open it: dashboard-access.test.ts.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { runCli, startAgent, type TestAgent } from './support/agent.ts';
import { describeInBrowser } from './support/browser.ts';
import { placeBuild, scriptNames } from './support/build-output.ts';
import { cleanUpWith, temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { type OpenDashboard, openDashboard } from './support/open-dashboard.ts';
import { until } from './support/wait.ts';

describeInBrowser('the dashboard', [], (browser) => {
  const open = (agent: TestAgent): Promise<OpenDashboard> => openDashboard(browser(), agent);

  it('tells what happened before and what happens, finds it again, and sends messages', async () => {
    const roots = [temporaryDirectory(), temporaryDirectory()] as const;
    const [app, site] = roots.map((root) => root.split('/').at(-1));
    const agent = await startAgent({ roots });
    await agent.broadcast('before');
    const dashboard = await open(agent);
    const { page } = dashboard;
    expect(await page.run('return location.href;')).toBe(`http://127.0.0.1:${agent.port}/`);
    await dashboard.endsWith('message | message | from http | before');

    writeFileSync(join(roots[0], 'a.txt'), 'hello');
    await dashboard.endsWith(`add | ${app}a.txt | 5 B`);
    renameSync(join(roots[0], 'a.txt'), join(roots[0], 'b.txt'));
    await dashboard.endsWith(`add | ${app}b.txt | from a.txt | 5 B`);
    // A name that would turn the line around, or begin another one.
    writeFileSync(join(roots[1], '\u202etxt\n.exe'), '');
    await dashboard.endsWith(`add | ${site}\\u202etxt\\n.exe | 0 B`);
    await agent.broadcast('<img src=x onerror=alert(1)>', 'web.page');
    await dashboard.endsWith('message | web.page | from http | <img src=x onerror=alert(1)>');
    placeBuild(roots[1], 'dist', scriptNames(30));
    await dashboard.shows('.line-batch .batch-counts', `31 added in ${site}`);
    await dashboard.click('.line-batch summary');
    await dashboard.shows('.line-batch li:last-child .line-content', 'dist/9.js0 B');
    await dashboard.shows('.held', /^Held while you read/);

    await page.press('p', '/', ...'B.TXT');
    const renamed = `add | ${app}b.txt | from a.txt | 5 B`;
    await dashboard.endsWith(renamed);
    expect(await dashboard.lines()).toEqual([renamed]);
    await page.press('Escape', 'Escape');

    const tail = runCli(['tail', '--topic', 'note.>', '--limit', '1', '--format', 'text'], {
      env: agent.env,
    });
    await dashboard.shows('.side', /agent-cli tail c\d/);
    await page.run(`
      const { topic, data } = document.querySelector('.composer').elements;
      topic.value = 'note.today';
      data.value = 'two\\nlines';
      data.focus();
    `);
    await page.press('Enter');
    await dashboard.shows('.outcome', 'Delivered to 2 of 2 clients');
    expect(await tail).toMatchObject({ code: 0, stdout: 'two\nlines\n' });
    await dashboard.endsWith('message | note.today | from http | two\\nlines');
    await page.run(`
      const { topic, data, as } = document.querySelector('.composer').elements;
      topic.value = 'file';
      data.value = '{"a":';
      as.value = 'json';
    `);
    await dashboard.click('.composer [type=submit]');
    await dashboard.shows('.outcome', /^Not sent: this is not JSON/);
    await page.run(`document.querySelector('.composer').elements.data.value = '{"a":1}';`);
    await dashboard.click('.composer [type=submit]');
    await dashboard.shows('.outcome', /^Not sent: .*reserved/);

    // The refusal alone, which browsers log by themselves; no error, and not a word of a policy that was broken.
    expect(page.complaints.filter(({ source }) => source !== 'network')).toEqual([]);
    expect(page.complaints.map(({ text }) => text)).toEqual([expect.stringContaining('400')]);
  });

  it('shows roots and clients with what is wrong about them, and disconnects after asking', async () => {
    const roots = [temporaryDirectory(), temporaryDirectory()] as const;
    const agent = await startAgent({ roots });
    writeFileSync(join(roots[0], 'a.txt'), '');
    renameSync(roots[1], `${roots[1]}.away`);
    cleanUpWith(() => renameSync(`${roots[1]}.away`, roots[1]));
    const client = await connect(agent, 'name=plugin&topic=build.%3E');
    const dashboard = await open(agent);
    await dashboard.shows('.trouble', /^Degraded the root is gone/);
    expect(await dashboard.text('.side')).toContain(`directories · ${roots[0]}`);
    await dashboard.shows('.side', /plugin c\d+000Disconnectws · local · build\.>/);
    await dashboard.shows('.side', /dashboard c\d+\d00this page/);

    await dashboard.click('[aria-label^="Disconnect plugin"]');
    await dashboard.shows('dialog h2', /^Disconnect plugin \(c\d+\)\?$/);
    await dashboard.page.press('Escape');
    await until('the dialog to close', async () => (await dashboard.text('dialog')) === undefined);
    expect((await agent.request('/v1/clients')).text).toContain('plugin');
    await dashboard.click('[aria-label^="Disconnect plugin"]');
    await dashboard.page.press('Tab', 'Enter');
    expect(await client.waitForClose()).toMatchObject({ code: 1008 });
    await dashboard.shows('.side', /Nobody else is connected/);
    expect(dashboard.page.complaints).toEqual([]);
  });

  it('can be used by keys alone, and each thing that they lead to shows it', async () => {
    const agent = await startAgent();
    const dashboard = await open(agent);
    const { page } = dashboard;
    await dashboard.shows('.event-list', /No changes yet: save a file under/);
    await agent.broadcast({ ok: true });
    await dashboard.endsWith('message | message | from http | {"ok":true}');
    const path: string[] = [];
    for (let step = 0; step < 12; step += 1) {
      await page.press('Tab');
      const { name, isVisible } = await dashboard.focused();
      expect([name, isVisible]).toEqual([name, true]);
      path.push(name);
      if (name === 'Filter by path, topic or text') await page.press(...'p ', 'Escape');
      if (name === 'Messages') {
        await page.press(' ');
        await dashboard.shows('.event-list', /None of the last 1 line/);
        await page.press('Enter');
        await dashboard.endsWith('message | message | from http | {"ok":true}');
      }
    }
    const [firstLine = '', ...rest] = path.slice(7);
    expect(path.slice(0, 7)).toEqual([
      'Filter by path, topic or text',
      'Files',
      'Messages',
      'Gaps',
      'Clear',
      'Pause p',
      'event-list',
    ]);
    expect(firstLine).toContain('{"ok":true}');
    expect(rest.slice(0, 4)).toEqual(['Topic', 'Message', 'Sent as', 'Send']);

    await page.run('document.activeElement.blur();');
    await page.press(' ');
    await dashboard.shows('.pause', 'Resume p');
    await agent.broadcast('meanwhile');
    await dashboard.shows('.held', /1 new/);
    expect(await dashboard.lines()).toHaveLength(1);
    await page.press('p');
    await dashboard.shows('.pause', 'Pause p');
    await dashboard.endsWith('message | message | from http | meanwhile');
    expect(page.complaints).toEqual([]);
  });

  it('survives a restart of the agent, tells of the gap, and says when the session is over', async () => {
    const first = await startAgent();
    const dashboard = await open(first);
    const { page } = dashboard;
    await first.broadcast('before');
    await dashboard.endsWith('message | message | from http | before');
    const { port, runtime, state, roots } = first;
    await first.stop();
    await dashboard.shows('.state', /^reconnecting…/);
    const flags = ['--port', String(port)];
    const second = await startAgent({ roots, runtime, state, flags });
    await dashboard.shows('.state', 'connected');
    await second.broadcast('after');
    await dashboard.endsWith('message | message | from http | after');
    expect(await dashboard.lines()).toEqual([
      'message | message | from http | before',
      'lost | connection lost:  | it is shutting down',
      'found | connected again, and nothing was missed',
      'gap | events lost: nobody saw what changed for a while; the differences on disk follow',
      'message | message | from http | after',
    ]);
    await second.stop();
    // Another token: no session of before is good any more.
    await startAgent({ roots, runtime, flags });
    await dashboard.shows('.ending', /^This session is over\. Run agent-cli url --open/);
    // That the agent was away, and would not have it in the end.
    expect(page.complaints.filter(({ source }) => source !== 'network')).toEqual([]);
  });

  it('goes on drawing and answering while a thousand events come each second', async () => {
    const agent = await startAgent();
    const dashboard = await open(agent);
    const { page } = dashboard;
    const publisher = await connect(agent, 'topic=nothing');
    let sent = 0;
    const startedMs = performance.now();
    const timer = setInterval(() => {
      for (; sent < performance.now() - startedMs; sent += 1) {
        publisher.send({ type: 'publish', id: sent, topic: 'storm', data: { number: sent } });
      }
    }, 5);
    cleanUpWith(() => clearInterval(timer));
    await dashboard.shows('.tile-value', /^\d,\d{3}$|^9\d\d$/);
    // Each of these takes a frame, with the storm in it.
    for (let round = 0; round < 3; round += 1) {
      const shown = (await dashboard.lines()).at(-1);
      await page.run('await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);');
      await until('later lines', async () => (await dashboard.lines()).at(-1) !== shown);
      await dashboard.click('.pause');
      await dashboard.shows('.pause', 'Resume p');
      await dashboard.shows('.held', /\d[\d,]* new/);
      await dashboard.click('.pause');
      await dashboard.shows('.pause', 'Pause p');
    }
    await dashboard.click('.pause');
    await dashboard.shows('.held', /\d,\d{3} new/);
    clearInterval(timer);
    const last = Number(/\d+(?=\}$)/.exec((await dashboard.lines()).at(-1) ?? ''));
    await dashboard.shows('.held', `Paused${(sent - 1 - last).toLocaleString('en')} newGo to the newest`);
    await dashboard.click('.pause');
    await dashboard.endsWith(`message | storm | from ${publisher.hello.client} | {"number":${sent - 1}}`);
    // Kept within bounds, and what a pause let go is told of.
    const counts = 'return [...document.querySelectorAll(".event-list li")].length;';
    expect(await page.run<number>(counts)).toBeLessThanOrEqual(1_000);
    await dashboard.click('.pause');
    await dashboard.shows('.line-skipped', /lines more came while the list was paused, and are not kept/);
    expect(page.complaints).toEqual([]);
  });
});
