// The pages that are not the folder's own: a directory's list, and why something can't be had.
import { STATUS_CODES } from 'node:http';
import { escapeHtml } from '../../shared/index.ts';
import type { Entry } from './folder.ts';
import { urlPathOf } from './request-path.ts';

/** Their policy: nothing but the script that reloads them, and their own style. */
export const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const style = `:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.2rem;overflow-wrap:anywhere}ul{list-style:none;padding:0}a{text-decoration:none;overflow-wrap:anywhere}
a:hover{text-decoration:underline}li.dir a{font-weight:600}`;

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${style}</style></head>
<body><h1>${escapeHtml(title)}</h1>${body}</body></html>
`;
}

/** The list of a directory. @param more entries that are left out */
export function listingPage(names: readonly string[], entries: readonly Entry[], more: number): string {
  const item = (href: string, text: string, isDirectory: boolean): string =>
    `<li${isDirectory ? ' class="dir"' : ''}><a href="${escapeHtml(href)}">${escapeHtml(text)}</a></li>`;
  const items = entries.map(({ name, isDirectory }) => {
    const slash = isDirectory ? '/' : '';
    return item(urlPathOf([...names, name]) + slash, name + slash, isDirectory);
  });
  if (names.length > 0) items.unshift(item(`${urlPathOf(names.slice(0, -1))}/`, '../', true));
  const rest = more > 0 ? `<p>and ${more} more</p>` : '';
  return page(`/${names.map((name) => `${name}/`).join('')}`, `<ul>${items.join('\n')}</ul>${rest}`);
}

/** Why there is nothing to be had. */
export function errorPage(status: number, detail: string): string {
  return page(`${status} ${STATUS_CODES[status] ?? ''}`, `<p>${escapeHtml(detail)}</p>`);
}
