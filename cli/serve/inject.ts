// Where a script goes into a page of HTML. The page stays, byte for byte, what it was around it.

/** What may hold a tag that is none. */
const opaque = /<!--|<(script|style|title|textarea|template|noscript)(?=[\s/>])/gi;
/** What only a whole document has. */
const documentTag = /<!doctype\s|<(?:html|head|body)(?=[\s/>])/i;
const headEnd = /<\/head\s*>/i;

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

/**
 * Puts a script into a page: before `</head>`, or else at the end.
 * @returns undefined for a fragment, which is made to stand in another page, and for what is no text as ASCII has it
 */
export function injectInto(html: Buffer, script: string): Buffer | undefined {
  // UTF-16: the script would have to be so, too.
  if (html.length >= 2 && (html.readUInt16BE(0) === 0xfeff || html.readUInt16BE(0) === 0xfffe))
    return undefined;
  // One character a byte, so that positions are those of the bytes, whatever the encoding.
  const clear = withoutOpaque(html.toString('latin1'));
  if (!documentTag.test(clear)) return undefined;
  const at = headEnd.exec(clear)?.index ?? html.length;
  return Buffer.concat([html.subarray(0, at), Buffer.from(script, 'latin1'), html.subarray(at)]);
}
