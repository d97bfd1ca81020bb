// Files that are stored compressed, to be uncompressed by the browser.

/** What a page loads, and what bundlers store compressed; not archives and data, which are fetched as they are. */
const compressedName = /\.(?:m?js|css|html?|svg|wasm|data|symbols\.json)(?=\.(gz|br|zst)$)/i;
const codings: Readonly<Record<string, string>> = { gz: 'gzip', br: 'br', zst: 'zstd' };
/** Never compressed by themselves: one that is was stored so, `.svgz` always and tiles of maps often. */
const plainName = /\.(?:svgz?|m?js|css|html?|json|wasm|xml|txt|pbf|mvt)$/i;

/**
 * How a file is stored.
 * @param bytes at least its first three
 * @returns the name that tells its type, and its content coding, if it has one
 */
export function storedAs(name: string, bytes: Buffer): { name: string; coding: string | undefined } {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08;
  const [, suffix] = compressedName.exec(name) ?? [];
  const coding = suffix === undefined ? undefined : codings[suffix.toLowerCase()];
  if (suffix !== undefined && coding !== undefined && (coding !== 'gzip' || isGzip))
    return { name: name.slice(0, -suffix.length - 1), coding };
  return { name, coding: isGzip && plainName.test(name) ? 'gzip' : undefined };
}
