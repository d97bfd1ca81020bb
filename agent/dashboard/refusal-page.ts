// What a person sees who opens the dashboard and is not let in: a page that says what to do.
import { defaultName, escapeHtml } from '../../shared/index.ts';
import { lonePageHeaders } from './browser-headers.ts';

/** Why somebody is not let in. */
export interface Refusal {
  readonly code: string;
  readonly detail: string;
  /** Whether a page of another origin led here. */
  readonly fromElsewhere: boolean;
}

/** A page that is complete in itself, with its headers. */
export interface RefusalPage {
  readonly headers: Readonly<Record<string, string>>;
  readonly html: string;
}

const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; min-height: 100vh; place-items: center; background: Canvas; color: CanvasText; }
main { max-width: 34rem; padding: 2rem 1.5rem; }
h1 { margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.3; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
pre { margin: 0 0 1rem; padding: .75rem 1rem; border: 1px solid GrayText; border-radius: .5rem; overflow-x: auto; }
code { font: .9375rem/1.5 ui-monospace, monospace; }
`;

/**
 * For a reload after another server of this host name took the browser's cookie away: the dashboard's pass, which
 * page/pass.ts keeps for this tab, gets the cookie back. Once: where it does not last, the page stays as it is. The
 * mark goes when a dashboard was loaded.
 */
const script = `
const pass = sessionStorage.getItem('devagent pass');
if (pass !== null && sessionStorage.getItem('devagent restored') === null) {
  sessionStorage.setItem('devagent restored', '1');
  fetch('/dashboard/session', { method: 'POST', headers: { authorization: 'Bearer ' + pass } })
    .then(({ ok }) => ok && location.replace('/'));
}
`;

/** Makes the page for people. What the request said may stand in the detail, so it is text and never markup. */
export function refusalPage(refusal: Refusal, agentName: string): RefusalPage {
  const { title, body, mayRestore } = wordsFor(refusal, agentName);
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · devagent</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>${mayRestore ? `\n<script>${script}</script>` : ''}
</body>
</html>
`;
  return { headers: lonePageHeaders(style, mayRestore ? script : undefined), html };
}

function wordsFor(
  { code, detail, fromElsewhere }: Refusal,
  agentName: string,
): { title: string; body: string; mayRestore: boolean } {
  const name = agentName === defaultName ? '' : ` --name ${agentName}`;
  const command = `<pre><code>${escapeHtml(`agent-cli url --open${name}`)}</code></pre>`;
  const isWithoutSession = code === 'token_required' || code === 'link_expired';
  if (fromElsewhere && (isWithoutSession || code === 'origin_refused')) {
    // The browser keeps the cookie back, or the guard does not count it, where another page leads here: it could lay
    // its own buttons where the dashboard's are going to be. A click on this one is the user's own.
    return {
      title: 'Open the dashboard?',
      body: `<p>Another page led here. If you want to see the agent’s dashboard: <a href="/">open it</a>.</p>`,
      mayRestore: false,
    };
  }
  if (!isWithoutSession)
    return { title: 'This is refused', body: `<p>${escapeHtml(detail)}.</p>`, mayRestore: false };
  const why =
    code === 'link_expired'
      ? 'This link was used before, or is more than a minute old.'
      : 'This browser has not been let in, or was so a while ago.';
  return {
    title: 'The dashboard opens from the terminal',
    body: `<p>${why} This command makes a link that is good once, and opens it:</p>\n${command}`,
    mayRestore: true,
  };
}
