// Pages that were opened from disk. To browsers they are of no origin (`Origin: null`), as is every sandboxed frame
// of a page from anywhere. So such a page has to say where it lies, which LiveReload's client does by itself: it is
// told something if that is a file in one of the roots. A frame from elsewhere would have to know such a path.
import { realpath, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isWithin } from '../../shared/index.ts';

/** A page that lies elsewhere tries again, and a guess is one of a few: a thousand of them take hours. */
const mostWrongAnswers = 10;
const wrongAnswersMs = 60_000;

/** Tells pages that lie in a root from all others. */
export class PagesOnDisk {
  readonly #roots: () => readonly string[];
  readonly #nowMs: () => number;
  /** When answers were given that have not been found right. */
  #wrongAtMs: number[] = [];

  /**
   * @param roots their real paths
   * @param nowMs a clock that only goes forward
   */
  constructor(roots: () => readonly string[], nowMs: () => number = () => performance.now()) {
    this.#roots = roots;
    this.#nowMs = nowMs;
  }

  /** Whether a page's address is that of a file in a root; after too many that were not, nobody's is for a while. */
  async includes(address: string): Promise<boolean> {
    const nowMs = this.#nowMs();
    this.#wrongAtMs = this.#wrongAtMs.filter((atMs) => nowMs - atMs < wrongAnswersMs);
    if (this.#wrongAtMs.length >= mostWrongAnswers) return false;
    // Before it is looked up, so that many at once are not looked up at once.
    this.#wrongAtMs.push(nowMs);
    if (!(await this.#isInRoot(address))) return false;
    this.#wrongAtMs.splice(this.#wrongAtMs.indexOf(nowMs), 1);
    return true;
  }

  async #isInRoot(address: string): Promise<boolean> {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    // With a host, Windows would go to the network for it.
    if (url?.protocol !== 'file:' || url.host !== '') return false;
    try {
      const path = await realpath(fileURLToPath(url));
      return this.#roots().some((root) => isWithin(root, path)) && (await stat(path)).isFile();
    } catch {
      // Whatever the reason, it is no page that anybody has opened.
      return false;
    }
  }
}
