// What browsers are told about the page, so that they help to keep others away from it.
import { createHash } from 'node:crypto';

/** Of everything that is sent to a browser for the page. */
const common = {
  // Nobody guesses what a file could be used as, other than what it is sent as.
  'x-content-type-options': 'nosniff',
  // Pages of other ports of this machine are of the same site: they shall not load these either.
  'cross-origin-resource-policy': 'same-origin',
  // A page that opened this one in a window has no handle on it.
  'cross-origin-opener-policy': 'same-origin',
  // An address with a link or a token in it goes to nobody else.
  'referrer-policy': 'no-referrer',
} as const;

/** A policy that allows nothing but what is given. The last three are not covered by `default-src`. */
function policy(allowed: Readonly<Record<string, string>>): string {
  const directives = {
    'default-src': "'none'",
    ...allowed,
    'base-uri': "'none'",
    'form-action': "'none'",
    // Buttons in a frame can be laid under the user's pointer.
    'frame-ancestors': "'none'",
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ');
}

/**
 * The headers of the page and its files.
 * @param host as the request calls the agent
 */
export function pageHeaders(host: string | undefined): Record<string, string> {
  // 'self' covers WebSockets of the same host and port only in browsers of the last years. The policy's grammar has no
  // IPv6 addresses, and on the local plane nobody has looked at the host, which could be several directives.
  const webSockets = host !== undefined && /^[\w.-]+(?::\d+)?$/.test(host) ? ` ws://${host}` : '';
  return {
    ...common,
    'content-security-policy': policy({
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' data:",
      'connect-src': `'self'${webSockets}`,
    }),
  };
}

/**
 * The headers of a page that is complete in itself.
 * @param style the text of its one style element
 * @param script the text of its script element, if it has one, which may ask the agent
 */
export function lonePageHeaders(style: string, script?: string): Record<string, string> {
  return {
    ...common,
    'content-security-policy': policy({
      ...(script === undefined ? {} : { 'script-src': digestSource(script), 'connect-src': "'self'" }),
      'style-src': digestSource(style),
      'img-src': 'data:',
    }),
  };
}

/** Allows the one inline element that has this text. */
function digestSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
