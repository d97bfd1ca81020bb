import { useEffect, useRef } from 'preact/hooks';
import type { Dashboard } from '../dashboard.ts';
import type { LineFilter, LineSort } from '../model/line-filter.ts';
import { formatCount, formatCountOf } from '../model/text.ts';
import { Composer } from './composer.tsx';
import { EventList } from './event-list.tsx';
import { useRoots } from './use-roots.ts';
import { useStore } from './use-store.ts';

const sorts: readonly { readonly sort: LineSort; readonly name: string }[] = [
  { sort: 'files', name: 'Files' },
  { sort: 'messages', name: 'Messages' },
  { sort: 'gaps', name: 'Gaps' },
];

/** The stream of events: what is looked for, the lines, and what to send. */
export function EventPanel({ dashboard }: { dashboard: Dashboard }) {
  useStore(dashboard.feedVersion);
  const roots = useRoots(dashboard);
  const { feed } = dashboard;
  const { filter, hold, waitingCount } = feed;
  const search = useRef<HTMLInputElement>(null);
  const isRunning = hold === undefined;
  // Of what it is by then, not of what was drawn last.
  const setFilter = (change: Partial<LineFilter>): void => dashboard.setFilter({ ...feed.filter, ...change });

  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
      if (event.key === '/') search.current?.select();
      else if (event.key === 'p' || (event.key === ' ' && !isControl(event.target))) dashboard.togglePause();
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, [dashboard]);

  return (
    <section class="panel events" aria-labelledby="events-title">
      <div class="toolbar">
        <h2 id="events-title">Events</h2>
        <div class="search">
          <input
            ref={search}
            type="search"
            placeholder="Filter by path, topic or text"
            aria-label="Filter by path, topic or text"
            aria-keyshortcuts="/"
            autocomplete="off"
            spellcheck={false}
            value={filter.text}
            onInput={({ currentTarget }) => setFilter({ text: currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return;
              event.preventDefault();
              if (feed.filter.text === '') event.currentTarget.blur();
              else setFilter({ text: '' });
            }}
          />
          <span class="key" aria-hidden="true">
            /
          </span>
        </div>
        <fieldset class="switches">
          <legend class="unseen">Show</legend>
          {sorts.map(({ sort, name }) => (
            <button
              key={sort}
              type="button"
              aria-pressed={filter.sorts[sort]}
              onClick={() => setFilter({ sorts: { ...feed.filter.sorts, [sort]: !feed.filter.sorts[sort] } })}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <span class="shown-count">{formatCountOf(feed.shownCount, 'line')}</span>
        <button type="button" onClick={() => dashboard.clear()}>
          Clear
        </button>
        <button
          type="button"
          class={isRunning ? 'pause' : 'pause primary'}
          aria-keyshortcuts="p Space"
          onClick={() => dashboard.togglePause()}
        >
          {isRunning ? 'Pause' : 'Resume'}{' '}
          <span class="key" aria-hidden="true">
            p
          </span>
        </button>
      </div>
      <div class="event-area">
        <EventList dashboard={dashboard} labels={roots.labels} roots={roots.paths} />
        {!isRunning && (
          <button type="button" class="held" onClick={() => dashboard.togglePause()}>
            <span>{hold === 'asked' ? 'Paused' : 'Held while you read'}</span>
            <span class="held-count">
              {waitingCount === 0 ? 'nothing new yet' : `${formatCount(waitingCount)} new`}
            </span>
            <span class="held-action">Go to the newest</span>
          </button>
        )}
      </div>
      <Composer dashboard={dashboard} />
      {/* Read out when it changes; the count, which runs, is not. */}
      <p class="unseen" role="status">
        {isRunning ? '' : 'The list is paused'}
      </p>
    </section>
  );
}

/** Whether keys go into a text. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}

/** Whether the space bar presses something. */
function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('button, summary, a') !== null;
}
