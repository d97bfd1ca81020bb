// Where a script goes into a page of HTML. The page stays, byte for byte, what it was around it.
import { byteOrderMarkOf } from './charset.ts';
import { allowInMeta } from './policy.ts';

/** What may hold a tag that is none. */
const opaque = /<!--|<(script|style|title|textarea|template|noscript)(?=[\s/>])/gi;
/** What only a whole document has. */
const documentTag = /<!doctype\s|<(?:html|head|body)(?=[\s/>])/i;
/** Behind one of these, the first of them that there is. */
const places = [/<head(?=[\s/>])/i, /<html(?=[\s/>])/i, /<!doctype(?=[\s>])/i];
/** The rest of a tag. */
const tagRest = /(?:[^>"']|"[^"]*"|'[^']*')*>/y;
const meta = /<meta(?=[\s/])/gi;

/** A page that has the script. */
export interface InjectedPage {
  readonly bytes: Buffer;
  /** Whether its own policy can't be read, and may keep the script from working. */
  readonly isDoubtful: boolean;
}

/** The same text, of the same length, in which no comment and no script says anything. */
function withoutOpaque(html: string): string {
  // Of one length with the page: in Latin-1, no letter becomes two when it is made small.
  const small = html.toLowerCase();
  let clear = '';
  let at = 0;
  opaque.lastIndex = 0;
  for (let match = opaque.exec(html); match !== null; match = opaque.exec(html)) {
    const end = match[1] === undefined ? '-->' : `</${match[1].toLowerCase()}`;
    const endAt = small.indexOf(end, match.index + match[0].length);
    clear += html.slice(at, match.index);
    // Never closed: the rest of the page is in it.
    at = endAt === -1 ? html.length : endAt;
    clear += ' '.repeat(at - match.index);
    if (endAt === -1) break;
    opaque.lastIndex = endAt + end.length;
  }
  return clear + html.slice(at);
}

/** Where the tag that begins at `at` ends; undefined if it does not. */
function tagEnd(html: string, at: number): number | undefined {
  tagRest.lastIndex = at;
  return tagRest.test(html) ? tagRest.lastIndex : undefined;
}

/**
 * As far to the front as may be: what comes before a policy is not subject to it, and a page that was caught half
 * written has no end yet. But not before the doctype, without which browsers lay out the page as of old.
 */
function placeIn(clear: string): number {
  for (const place of places) {
    const match = place.exec(clear);
    const end = match === null ? undefined : tagEnd(clear, match.index);
    if (end !== undefined) return end;
  }
  return 0;
}

/** The page with every policy of its own changed so that the script may connect. */
function withPolicies(html: string, clear: string): { html: string; isDoubtful: boolean } {
  let result = '';
  let at = 0;
  let isDoubtful = false;
  for (const { index } of clear.matchAll(meta)) {
    if (index < at) continue;
    const end = tagEnd(clear, index);
    // The rest of the page is in this tag.
    if (end === undefined) break;
    const allowed = allowInMeta(html.slice(index, end));
    isDoubtful ||= allowed === undefined;
    result += html.slice(at, index) + (allowed ?? html.slice(index, end));
    at = end;
  }
  return { html: result + html.slice(at), isDoubtful };
}

/** Puts a script into a page, which is given and comes back as bytes in whatever encoding it is. */
export function injectInto(page: Buffer, script: string): InjectedPage {
  const mark = byteOrderMarkOf(page);
  const isWide = mark === 'utf-16le' || mark === 'utf-16be';
  // One character for a byte, or for two, so that positions are those of the bytes, whatever they mean.
  const encoding = isWide ? 'utf16le' : 'latin1';
  const wholeBytes = isWide ? page.length & ~1 : page.length;
  const even = Buffer.from(page.subarray(0, wholeBytes));
  const units = (mark === 'utf-16be' ? even.swap16() : even).toString(encoding);
  const markLength = mark === undefined ? 0 : isWide ? 1 : 3;
  const [begin, text] = [units.slice(0, markLength), units.slice(markLength)];
  const clear = withoutOpaque(text);
  const place = placeIn(clear);
  const rest = withPolicies(text.slice(place), clear.slice(place));
  const bytes = Buffer.from(begin + text.slice(0, place) + script + rest.html, encoding);
  const whole = mark === 'utf-16be' ? bytes.swap16() : bytes;
  return { bytes: Buffer.concat([whole, page.subarray(wholeBytes)]), isDoubtful: rest.isDoubtful };
}

/** Whether a page is a whole document, and no fragment that is made to stand in another one. */
export function isDocument(page: Buffer): boolean {
  const mark = byteOrderMarkOf(page);
  return mark?.startsWith('utf-16') === true || documentTag.test(withoutOpaque(page.toString('latin1')));
}
