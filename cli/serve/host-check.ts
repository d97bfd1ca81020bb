// DNS rebinding: a page's own host name can be made to lead here, and then page and folder are of one origin. But
// it can't change its name, and an address needs none.

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { bareHost, isLoopbackHostHeader } from '../../shared/index.ts';

/** Which names a server answers to. */
export class HostCheck {
  readonly #names: ReadonlySet<string>;
  readonly #takesAddresses: boolean;

  /**
   * @param names besides the loopback ones
   * @param isRemote whether other machines may ask: they do so by an address, or by this machine's name
   */
  constructor(names: readonly string[], isRemote: boolean) {
    const own = isRemote ? [hostname(), `${hostname()}.local`] : [];
    this.#names = new Set([...names, ...own].map((name) => name.toLowerCase()));
    this.#takesAddresses = isRemote;
  }

  /** @param host the Host header; undefined for none, or for more than one */
  allows(host: string | undefined): boolean {
    if (host === undefined) return false;
    if (isLoopbackHostHeader(host)) return true;
    const name = bareHost(host);
    return this.#names.has(name) || (this.#takesAddresses && isIP(name) !== 0);
  }
}
