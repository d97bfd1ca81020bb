// Notices that a link on the way to what was named is turned: `current` to another release, `..data` to another
// version of a configuration. Such a link may lie anywhere, where no agent watches, and be one of a chain.
import { realpathSync } from 'node:fs';

/** A named path on whose way there is a link, and where it led. */
export interface NamedLink {
  readonly path: string;
  /** As the user wrote it. */
  readonly shown: string;
  /** Undefined while it leads nowhere. */
  readonly target: string | undefined;
}

/** Where a path leads now, links followed; undefined where it leads nowhere. */
export function targetOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // A link that is being replaced, or whose target is.
    return undefined;
  }
}

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
