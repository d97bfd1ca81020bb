import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { timeOfDay } from '../../../../shared/units.ts';

/** Height of the drawing, in CSS pixels. */
const heightPx = 44;

interface ChartProps {
  readonly name: string;
  /** What it shows, for those who don't see it. */
  readonly description: string;
  readonly seconds: readonly number[];
  readonly values: readonly (number | null)[];
  /** The least that the height stands for: one event alone is no mountain. */
  readonly leastMost: number;
  /** Called with what the pointer is on, and with undefined when it is on nothing. */
  readonly pointed: (point: { readonly clock: string; readonly value: number } | undefined) => void;
}

/** A small chart of a value a second. */
export function Chart({ name, description, seconds, values, leastMost, pointed }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const data = useRef<uPlot.AlignedData>([[], []]);

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsFor(element, leastMost, pointed), data.current, element);
    };
    draw();
    const theme = matchMedia('(prefers-color-scheme: dark)');
    theme.addEventListener('change', draw);
    const observer = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: heightPx });
    });
    observer.observe(element);
    return () => {
      theme.removeEventListener('change', draw);
      observer.disconnect();
      plot.current?.destroy();
    };
  }, [name]);

  useEffect(() => {
    data.current = [[...seconds], [...values]];
    plot.current?.setData(data.current);
  }, [seconds, values]);

  return <div class="chart" ref={place} role="img" aria-label={description} />;
}

function optionsFor(element: HTMLElement, leastMost: number, pointed: ChartProps['pointed']): uPlot.Options {
  const style = getComputedStyle(element);
  const { bars } = uPlot.paths;
  return {
    width: element.clientWidth,
    height: heightPx,
    padding: [2, 0, 0, 0],
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false },
      y: { range: (_, __, most) => [0, Math.max(leastMost, most ?? 0)] },
    },
    series: [
      {},
      {
        fill: style.getPropertyValue('--accent'),
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars({ size: [1, 100, 1], align: 1 }) }),
      },
    ],
    hooks: {
      setCursor: [
        ({ cursor: { idx }, data }) => {
          const second = typeof idx === 'number' ? data[0][idx] : undefined;
          const value = typeof idx === 'number' ? data[1]?.[idx] : undefined;
          if (second === undefined || typeof value !== 'number') pointed(undefined);
          else pointed({ clock: timeOfDay(second * 1000).clock, value });
        },
      ],
    },
  };
}
