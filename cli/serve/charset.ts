// Which encoding a file says it is in. Browsers believe the header before the file, so that a header of ours must not
// say anything else.

/** Browsers look no further for what a page says. */
export const declarationBytes = 1_024;

/** A byte order mark, which counts more than anything else. */
export type ByteOrderMark = 'utf-8' | 'utf-16le' | 'utf-16be';

export function byteOrderMarkOf(bytes: Buffer): ByteOrderMark | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

/** `<meta charset=x>`, or `charset=x` in the content of another one. */
const inMeta = /<meta(?=[\s/])[^>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)/i;
/** It has to be written exactly so. */
const inStyle = /^@charset "([^"]*)";/;
const comment = /<!--.*?(?:-->|$)/gs;

/**
 * The content type of a file: that of its name, but for the encoding, which is its own if it says one.
 * @param type as the file's name has it, perhaps with `charset=utf-8`, which is said of those that say nothing
 * @param bytes the file, or its first {@link declarationBytes}
 */
export function contentTypeOf(type: string, bytes: Buffer): string {
  const [essence = '', ...parameters] = type.split(';');
  if (!parameters.some((parameter) => /^\s*charset=/i.test(parameter))) return type;
  const mark = byteOrderMarkOf(bytes);
  if (mark !== undefined) return mark === 'utf-8' ? type : essence;
  const text = bytes.toString('latin1', 0, declarationBytes);
  const declared =
    essence === 'text/html'
      ? inMeta.exec(text.replace(comment, ''))?.[1]
      : essence === 'text/css'
        ? inStyle.exec(text)?.[1]
        : undefined;
  if (declared === undefined || /^utf-?8$/i.test(declared)) return type;
  // Browsers have rules of their own for names that can't be true, as UTF-16 in a page that is read as ASCII.
  return /^(?:utf-?16|x-user-defined)/i.test(declared) || !/^[\w.:-]+$/.test(declared)
    ? essence
    : `${essence}; charset=${declared}`;
}
