// Numbers and times as people read them.

const kibi = 1024;
const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.2 MiB`; one decimal below ten, none for bytes. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= kibi && unit < byteUnits.length - 1) {
    value /= kibi;
    unit++;
  }
  return `${unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${byteUnits[unit]}`;
}

const spans = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
  { unit: 's', ms: 1_000 },
] as const;

/** `340 ms`, `1.5 s`, `12 s`, `3 h 12 min`: the two largest units, rounded down; one decimal below ten seconds. */
export function formatDuration(durationMs: number): string {
  if (durationMs >= 1_000 && durationMs < 10_000) return `${Math.floor(durationMs / 100) / 10} s`;
  const index = spans.findIndex((span) => durationMs >= span.ms);
  const first = spans[index];
  if (first === undefined) return `${Math.max(0, Math.floor(durationMs))} ms`;
  const second = spans[index + 1];
  const text = `${Math.floor(durationMs / first.ms)} ${first.unit}`;
  const rest = second === undefined ? 0 : Math.floor((durationMs % first.ms) / second.ms);
  return second === undefined || rest === 0 ? text : `${text} ${rest} ${second.unit}`;
}

/**
 * `1 event`, `3 events`.
 * @param format of the number
 */
export function countOf(
  count: number,
  noun: string,
  plural = `${noun}s`,
  format: (count: number) => string = String,
): string {
  return `${format(count)} ${count === 1 ? noun : plural}`;
}

/** A local time of day as `13:07:59` and `.042`; `timeMs` since 1970. */
export function timeOfDay(timeMs: number): { clock: string; fraction: string } {
  const time = new Date(timeMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    clock: [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':'),
    fraction: `.${String(time.getMilliseconds()).padStart(3, '0')}`,
  };
}
