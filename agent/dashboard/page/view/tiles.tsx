import { useMemo, useState } from 'preact/hooks';
import { formatBytes } from '../../../../shared/units.ts';
import type { Dashboard } from '../dashboard.ts';
import { greatest } from '../model/rates.ts';
import { formatCount, formatCountOf } from '../model/text.ts';
import { Chart } from './chart.tsx';
import { useStore } from './use-store.ts';

/** In the place of a number. */
const unknown = '–';

interface RateTileProps {
  readonly name: string;
  readonly seconds: readonly number[];
  readonly values: readonly (number | null)[];
  readonly format: (value: number) => string;
  readonly leastMost: number;
}

function RateTile({ name, seconds, values, format, leastMost }: RateTileProps) {
  const [point, setPoint] = useState<{ clock: string; value: number } | undefined>(undefined);
  const last = values.at(-1) ?? undefined;
  const now = last === undefined ? unknown : format(last);
  const most = last === undefined ? unknown : format(greatest(values));
  return (
    <section class="tile">
      <h2>{name}</h2>
      <p class="tile-value">{point === undefined ? now : format(point.value)}</p>
      <p class="tile-note">{point === undefined ? `peak ${most}` : `at ${point.clock}`}</p>
      <Chart
        name={name}
        description={`${name} over the last five minutes: now ${now}, at most ${most}`}
        seconds={seconds}
        values={values}
        leastMost={leastMost}
        pointed={setPoint}
      />
    </section>
  );
}

/** What goes on, at a glance: rates of the last minutes, and how full the journal is. */
export function Tiles({ dashboard }: { dashboard: Dashboard }) {
  const nowMs = useStore(dashboard.nowMs);
  const { events, messages, bytes, seconds } = useMemo(() => dashboard.rates.series(nowMs), [nowMs]);
  return (
    <div class="tiles">
      <RateTile
        name="Events per second"
        seconds={seconds}
        values={events}
        format={formatCount}
        leastMost={5}
      />
      <RateTile
        name="Messages per second"
        seconds={seconds}
        values={messages}
        format={formatCount}
        leastMost={5}
      />
      <RateTile
        name="Bytes per second"
        seconds={seconds}
        values={bytes}
        format={formatBytes}
        leastMost={2048}
      />
      <JournalTile dashboard={dashboard} />
    </div>
  );
}

function JournalTile({ dashboard }: { dashboard: Dashboard }) {
  const journal = useStore(dashboard.facts)?.status.journal;
  if (journal === undefined) {
    return (
      <section class="tile">
        <h2>Journal</h2>
        <p class="tile-value">{unknown}</p>
      </section>
    );
  }
  const { events, bytes, limitBytes } = journal;
  const share = bytes / limitBytes;
  return (
    <section class="tile">
      <h2>Journal</h2>
      <p class="tile-value">{formatBytes(bytes)}</p>
      <p class="tile-note">of {formatBytes(limitBytes)}</p>
      <div class="journal">
        <meter max={limitBytes} value={bytes} aria-label="Journal fill">
          {formatBytes(bytes)} of {formatBytes(limitBytes)}
        </meter>
        <p class="journal-note">
          {formatCountOf(events, 'event')} kept
          <span>{share > 0.98 ? 'full: the oldest give way' : `${Math.floor(share * 100)}% full`}</span>
        </p>
      </div>
    </section>
  );
}
