// LiveReload's protocol 7, as far as it is spoken here: https://github.com/livereload/livereload-js and
// http://livereload.com/api/protocol/

/** The name of the protocol, which both sides say in their hello. */
const official7 = 'http://livereload.com/protocols/official-7';

/** The topic whose messages pages show. */
export const alertTopic = 'livereload.alert';

/** Of an alert; more is no notice any more. */
const longestAlert = 4_096;

/** To a page: something changed. */
export interface Reload {
  readonly command: 'reload';
  /** Relative to its root, `/`-separated. */
  readonly path: string;
  /** Whether a stylesheet may be replaced in the page, which is loaded anew otherwise. */
  readonly liveCSS: boolean;
  /** The same for an image. */
  readonly liveImg: boolean;
}

/** To a page: a text to show. */
export interface Alert {
  readonly command: 'alert';
  readonly message: string;
}

/** What a page says first, as far as anybody cares. */
export interface Hello {
  /** Which snippet loaded the client: whatever `?snipver=` of its script's address said. */
  readonly snippet: string | undefined;
}

/** The answer to a page's hello, as JSON. */
export const serverHello = JSON.stringify({
  command: 'hello',
  protocols: [official7],
  serverName: 'devagent',
});

/** Reads a page's hello; undefined for anything else, and for one that does not know protocol 7. */
export function readHello(text: string): Hello | undefined {
  const { command, protocols, snipver } = readMessage(text);
  if (command !== 'hello' || !Array.isArray(protocols) || !protocols.includes(official7)) return undefined;
  return { snippet: typeof snipver === 'string' ? snipver : undefined };
}

/** The address that a page says to be of; undefined for any message that does not say it. */
export function readPageAddress(text: string): string | undefined {
  const { command, url } = readMessage(text);
  return (command === 'info' || command === 'url') && typeof url === 'string' ? url : undefined;
}

/** The members of a message; none for what is none. */
function readMessage(text: string): Readonly<Record<string, unknown>> {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message === 'object' && message !== null) return message as Record<string, unknown>;
  } catch {
    // Not JSON, so no message.
  }
  return {};
}

/** An alert that shows a message's data: its text, or a value that is none as JSON. */
export function alertOf(data: unknown): Alert {
  // Nothing at all has no JSON.
  const text = typeof data === 'string' ? data : String(JSON.stringify(data));
  return { command: 'alert', message: text.slice(0, longestAlert) };
}
