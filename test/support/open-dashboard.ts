// The dashboard in a real browser.
import type { TestAgent } from './agent.ts';
import type { Browser, BrowserPage } from './browser.ts';
import { until } from './wait.ts';

/** The open dashboard. */
export class OpenDashboard {
  readonly page: BrowserPage;

  constructor(page: BrowserPage) {
    this.page = page;
  }

  /** The text of the first element that the selector finds; undefined where there is none. */
  text(selector: string): Promise<string | undefined> {
    return this.page.run(`return document.querySelector(${JSON.stringify(selector)})?.textContent;`);
  }

  /** The list's lines, oldest first, without the time: event and what else there is, with a bar between. */
  lines(): Promise<string[]> {
    return this.page.run(`
      const textOf = (line) => [
        line.querySelector('.line-kind'),
        ...line.querySelector('.line-content').childNodes,
      ].map((it) => it.textContent).join(' | ');
      return [...document.querySelectorAll('.event-list > ol > li')].map(textOf);
    `);
  }

  /** Waits until the text of an element is, or has in it, what is expected. */
  async shows(selector: string, expected: string | RegExp): Promise<void> {
    let text: string | undefined;
    await until(
      () => `${expected} in ${selector}, which has ${text}; ${JSON.stringify(this.page.complaints)}`,
      async () => {
        text = await this.text(selector);
        return typeof expected === 'string' ? text === expected : text !== undefined && expected.test(text);
      },
    );
  }

  /** Waits until the newest line is this. */
  async endsWith(line: string): Promise<void> {
    let lines: string[] = [];
    await until(
      () => `the line ${line}; got ${JSON.stringify(lines.slice(-5))}`,
      async () => {
        lines = await this.lines();
        return lines.at(-1) === line;
      },
    );
  }

  click(selector: string): Promise<void> {
    return this.page.run(`document.querySelector(${JSON.stringify(selector)}).click();`);
  }

  /** What has the focus: what it is called, and whether it shows that it has it. */
  focused(): Promise<{ name: string; isVisible: boolean }> {
    return this.page.run(`
      const element = document.activeElement;
      const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.firstElementChild.textContent;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const name = label ?? (element.matches('button, summary') ? element.textContent : element.className);
      return { name: name.trim(), isVisible: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
    `);
  }
}

/** Opens it by a link, and waits until it is connected. */
export async function openDashboard(browser: Browser, agent: TestAgent): Promise<OpenDashboard> {
  const { url } = (await agent.request('/v1/links', { method: 'POST' })).json<{ url: string }>();
  const dashboard = new OpenDashboard(await browser.open(url));
  await dashboard.shows('.state', 'connected');
  return dashboard;
}
