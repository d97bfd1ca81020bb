import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Dashboard } from '../dashboard.ts';
import { EmptyList } from './empty-list.tsx';
import { LineRow } from './line-row.tsx';
import { useStore } from './use-store.ts';

/**
 * Rows while the list runs: several screens full. With a thousand events a second each is there for some tenths of
 * one, and a thousand rows would be as much work again and again. A list that stands still shows all.
 */
const runningRows = 200;
/** From the end so far, and somebody is reading: more than what a finger moves without meaning it. */
const readingPx = 24;

interface EventListProps {
  readonly dashboard: Dashboard;
  readonly labels: ReadonlyMap<string, string> | undefined;
  readonly roots: readonly string[] | undefined;
}

/** The lines, the newest at the end, where it stays unless somebody scrolls away. */
export function EventList({ dashboard, labels, roots }: EventListProps) {
  useStore(dashboard.feedVersion);
  const { feed } = dashboard;
  const { hold, filter } = feed;
  const scroller = useRef<HTMLElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const wasHeld = useRef(false);
  /** Where it was scrolled to when that was looked at last: the top, and how far below it the lines end. */
  const seen = useRef({ topPx: 0, endPx: 0 });
  const look = (): void => {
    if (scroller.current === null) return;
    const topPx = scroller.current.scrollTop;
    seen.current = { topPx, endPx: endOf(list.current) - topPx };
  };
  const toEnd = (): void => {
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
    look();
  };

  useLayoutEffect(() => {
    if (hold === undefined) toEnd();
    // Rows have come in above.
    else if (!wasHeld.current) scroller.current?.scrollTo({ top: endOf(list.current) - seen.current.endPx });
    wasHeld.current = hold !== undefined;
    look();
  });

  useLayoutEffect(toEnd, [filter]);

  useEffect(() => {
    if (scroller.current === null) return;
    const observer = new ResizeObserver(() => {
      if (feed.hold === undefined) toEnd();
    });
    observer.observe(scroller.current);
    return () => observer.disconnect();
  }, [feed]);

  const scrolled = (): void => {
    const element = scroller.current;
    if (element === null) return;
    // What the page does by itself goes down alone.
    const isUp = element.scrollTop < seen.current.topPx;
    const awayPx = element.scrollHeight - element.clientHeight - element.scrollTop;
    look();
    if (feed.hold === undefined && isUp && awayPx > readingPx) dashboard.pauseForReading('scrolled');
    else if (feed.hold === 'scrolled' && !isUp && awayPx < 1) dashboard.resumeAfterReading();
  };

  const lines = feed.shown(hold === undefined ? runningRows : undefined);
  return (
    <section
      class={hold === undefined ? 'event-list' : 'event-list is-held'}
      ref={scroller}
      onScroll={scrolled}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
      tabIndex={0}
      role="log"
      // A thousand lines a second are not to be read out.
      aria-live="off"
      aria-labelledby="events-title"
    >
      {lines.length === 0 ? (
        <EmptyList dashboard={dashboard} roots={roots} />
      ) : (
        <ol ref={list}>
          {lines.map((line) => (
            <LineRow
              key={line.id}
              line={line}
              labels={labels}
              text={filter.text}
              opened={() => dashboard.pauseForReading('opened')}
            />
          ))}
        </ol>
      )}
    </section>
  );
}

/** Where the lines end in what is scrolled. */
function endOf(list: HTMLElement | null): number {
  return list === null ? 0 : list.offsetTop + list.offsetHeight;
}
