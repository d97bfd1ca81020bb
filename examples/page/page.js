import { connect } from 'devagent/client';

const items = /** @type {HTMLElement} */ (document.getElementById('items'));
const state = /** @type {HTMLElement} */ (document.getElementById('state'));

/** The agent's address with the token, which is kept for reloads, and not in the address bar, where it is copied. */
function agentUrl() {
  if (location.hash !== '') sessionStorage.setItem('agent', location.hash.slice(1));
  history.replaceState(null, '', location.pathname);
  return sessionStorage.getItem('agent') ?? undefined;
}

/** Shows the data as it is now; what can't be read, half written for instance, leaves the page as it was. */
async function refresh() {
  try {
    const answer = await fetch('data.json', { cache: 'no-store' });
    if (!answer.ok) throw new Error(`data.json: ${answer.status}`);
    /** @type {{ name: string, count: number }[]} */
    const data = await answer.json();
    items.replaceChildren(
      ...data.map(({ name, count }) => {
        const item = document.createElement('li');
        item.textContent = `${count} ${name}`;
        return item;
      }),
    );
    state.textContent = 'up to date';
  } catch (error) {
    state.textContent = String(error);
  }
}

await refresh();
try {
  const agent = await connect({ url: agentUrl(), name: 'page' });
  for await (const event of agent.events({ topic: 'file', match: '**/data.json' })) {
    // All but one mean that the data may be new: a change, a gap, a connection that something may have come before.
    if (event.type === 'lost') state.textContent = `not live: ${event.reason}`;
    else await refresh();
  }
} catch (error) {
  state.textContent = `not live: ${error}`;
}
