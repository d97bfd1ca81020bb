import { pageHeaders } from './browser-headers.ts';
import { type BuiltFile, BuiltFiles } from './built-files.ts';
import { Links } from './links.ts';
import { type Refusal, type RefusalPage, refusalPage } from './refusal-page.ts';

/** The page that shows what goes on, and the links that open it. */
export class Dashboard {
  readonly links = new Links();
  readonly #agentName: string;
  readonly #files = new BuiltFiles();

  constructor(agentName: string) {
    this.#agentName = agentName;
  }

  /** A file of the page, by its name; undefined where it has none of that name. */
  file(name: string): Promise<BuiltFile | undefined> {
    return this.#files.find(name);
  }

  /**
   * The headers of the page and its files.
   * @param host as the request calls the agent
   */
  headers(host: string | undefined): Readonly<Record<string, string>> {
    return pageHeaders(host);
  }

  /** What a person is shown who is not let in. */
  refusal(refusal: Refusal): RefusalPage {
    return refusalPage(refusal, this.#agentName);
  }
}
