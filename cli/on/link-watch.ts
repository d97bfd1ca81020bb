// Notices that a link on the way to what was named is turned: `current` to another release, `..data` to another
// version of a configuration. Such a link may lie anywhere, where no agent watches, and be one of a chain.
import { type NamedLink, targetOf } from './named-paths.ts';

/** A few system calls each, and only where something that was named is behind a link. */
const pollMs = 200;

/** Looks where links lead, until it is stopped. */
export class LinkWatch {
  readonly #links: readonly NamedLink[];
  readonly #turned: (links: readonly NamedLink[]) => void;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param turned told of the links that lead elsewhere now, once; one that leads nowhere is waited for */
  constructor(links: readonly NamedLink[], turned: (links: readonly NamedLink[]) => void) {
    this.#links = links;
    this.#turned = turned;
    this.#timer = links.length === 0 ? undefined : setInterval(() => this.look(), pollMs);
  }

  /** @returns whether a link leads elsewhere */
  look(): boolean {
    const turned = this.#links.filter(({ path, target }) => {
      const now = targetOf(path);
      return now !== undefined && now !== target;
    });
    if (turned.length === 0) return false;
    this.stop();
    this.#turned(turned);
    return true;
  }

  /** Whether this looks at a path. */
  knows(path: string): boolean {
    return this.#links.some((link) => link.path === path);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
