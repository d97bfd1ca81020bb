// A page's own Content-Security-Policy, in a meta element. The client stands before it, so that it is loaded; what is
// left is that it may connect.

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  quot: '"',
  '#39': "'",
  '#x27': "'",
  '#34': '"',
  '#x22': '"',
};

/** Its text as it stands in an attribute; undefined with references that are not known here. */
function decode(value: string): string | undefined {
  let isKnown = true;
  const text = value.replace(/&(#?\w+);/g, (_all, name: string) => {
    const character = entities[name.toLowerCase()];
    isKnown &&= character !== undefined;
    return character ?? '';
  });
  return isKnown ? text : undefined;
}

/**
 * A policy by which a page may also connect to where it comes from, and which is the same otherwise.
 * @see https://www.w3.org/TR/CSP3/#directive-connect-src
 */
export function allowConnection(policy: string): string {
  const directives = policy.split(';');
  const wordsOf = (directive: string) => directive.trim().split(/\s+/);
  // The first of a name counts.
  const find = (name: string) => directives.findIndex((each) => wordsOf(each)[0]?.toLowerCase() === name);
  const own = find('connect-src');
  const deciding = own === -1 ? find('default-src') : own;
  if (deciding === -1) return policy;
  const sources = wordsOf(directives[deciding] ?? '').slice(1);
  if (sources.some((source) => source.toLowerCase() === "'self'")) return policy;
  const others = sources.filter((source) => source.toLowerCase() !== "'none'");
  const directive = ['connect-src', ...others, "'self'"].join(' ');
  if (own === -1) directives.splice(deciding, 0, directive);
  else directives[own] = directive;
  return directives.map((each) => each.trim()).join('; ');
}

/** The attributes of a tag: `content` is found with where its value stands in the tag, quotes included. */
const attribute = /([^\s"'>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?/g;

/**
 * A meta element whose policy, if it is one, lets the page connect.
 * @param tag from `<meta` to `>`
 * @returns undefined for a policy that can't be read
 */
export function allowInMeta(tag: string): string | undefined {
  let isPolicy = false;
  let content: { at: number; raw: string } | undefined;
  for (const { index, 0: all, 1: name = '', 2: raw } of tag.slice('<meta'.length).matchAll(attribute)) {
    if (raw === undefined) continue;
    const value = raw.replace(/^["']|["']$/g, '').trim();
    if (/^http-equiv$/i.test(name)) isPolicy ||= /^content-security-policy$/i.test(value);
    if (/^content$/i.test(name)) content ??= { at: '<meta'.length + index + all.length - raw.length, raw };
  }
  if (!isPolicy || content === undefined) return tag;
  const { at, raw } = content;
  const policy = decode(raw.replace(/^["']|["']$/g, ''));
  if (policy === undefined) return undefined;
  const allowed = allowConnection(policy);
  if (allowed === policy) return tag;
  const value = `"${allowed.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`;
  return tag.slice(0, at) + value + tag.slice(at + raw.length);
}
