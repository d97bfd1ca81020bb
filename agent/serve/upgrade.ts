// Which offers to change the protocol are taken up. RFC 9110, 7.8: a server may ignore them, and ours ignores all but
// WebSocket's. curl --http2, Java's HTTP client and others offer h2c with every plain request.
import { IncomingMessage } from 'node:http';
import { ProblemError } from './problem.ts';

/** The one version there is (RFC 6455); ws would take a draft's as well. */
const webSocketVersion = '13';

/**
 * A request that goes to the `upgrade` event only if it offers WebSocket. Node reads `upgrade` once the headers are
 * there, and takes what says false there for a plain request. (From 24.9 on there is an option for this,
 * `shouldUpgradeCallback`.)
 */
export class OfferingRequest extends IncomingMessage {
  // Not a private field: the constructor above sets `upgrade` before those exist.
  private offers: boolean | null | undefined;

  get upgrade(): boolean {
    return this.offers === true && (this.method === 'CONNECT' || offersWebSocket(this));
  }

  set upgrade(offers: boolean | null) {
    this.offers = offers;
  }
}

function offersWebSocket({ httpVersion, headers }: IncomingMessage): boolean {
  const offered = (headers.upgrade ?? '').split(',').map((protocol) => protocol.trim().toLowerCase());
  return httpVersion === '1.1' && offered.includes('websocket');
}

/**
 * Makes a request that offers WebSocket ready for ws.
 * @throws ProblemError 426 that names our version, for another
 */
export function takeWebSocketOffer({ headers }: IncomingMessage): void {
  const version = headers['sec-websocket-version'];
  if (version !== undefined && version !== webSocketVersion) {
    throw new ProblemError(
      426,
      'websocket_version',
      `WebSocket's version ${version.slice(0, 20)} is not spoken here: use ${webSocketVersion}`,
      {
        headers: {
          connection: 'close, upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': webSocketVersion,
        },
      },
    );
  }
  // ws wants it to be the only offer.
  headers.upgrade = 'websocket';
}
