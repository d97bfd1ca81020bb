// `GET /metrics`, as Prometheus reads it. Everything is collected when it is asked for; an agent that nobody
// scrapes pays nothing.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Services } from './context.ts';

/** Delays shorter than this are not seen; each one is a wake-up of the process. */
const loopDelayResolutionMs = 50;
const percentiles = [50, 90, 99];

type Labels = Readonly<Record<string, string>>;
/** One sample: its labels, and its value. */
type Sample = readonly [Labels, number];

function plain(value: number): Sample[] {
  return [[{}, value]];
}

function by(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => [{ [label]: name }, value]);
}

/** The agent's numbers, by https://prometheus.io/docs/practices/naming/ */
export class Metrics {
  private readonly registry = new Registry();
  /** Of what happened since the scrape before. */
  private readonly loopDelay: IntervalHistogram;

  constructor(services: Services) {
    this.loopDelay = monitorEventLoopDelay({ resolution: loopDelayResolutionMs });
    this.loopDelay.enable();
    this.registerDelivery(services);
    this.registerWatching(services);
    this.registerProcess();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** The page. */
  async render(): Promise<string> {
    const text = await this.registry.metrics();
    this.loopDelay.reset();
    return text;
  }

  private registerDelivery({ hub }: Services): void {
    const { counters, registry: clients } = hub;
    this.counter('devagent_events_total', 'Events put into journals, of all views', ['type'], () =>
      by('type', counters.events),
    );
    this.counter('devagent_event_bytes_total', 'Bytes of those events, as frames', [], () =>
      plain(counters.eventBytes),
    );
    this.counter('devagent_connections_total', 'Streams opened', ['transport'], () =>
      by('transport', counters.connections),
    );
    this.counter('devagent_deliveries_total', 'Events handed to sockets of clients', [], () =>
      plain(counters.deliveries),
    );
    this.counter('devagent_delivered_bytes_total', 'Bytes handed to sockets of clients', [], () =>
      plain(counters.deliveredBytes),
    );
    this.counter('devagent_gaps_total', 'Gaps told, those of single clients and recrawls', ['reason'], () =>
      by('reason', counters.gaps),
    );
    this.counter('devagent_stalled_clients_total', 'Clients closed because they took nothing', [], () =>
      plain(counters.stalled),
    );
    this.gauge('devagent_clients', 'Streams open', ['transport'], () =>
      by('transport', clients.countByTransport()),
    );
    this.gauge('devagent_slow_clients', 'Clients that have not got everything yet', [], () =>
      plain(clients.countBehind()),
    );
    this.gauge('devagent_journal_events', 'Events held by journals, of all views', [], () =>
      plain(hub.held.events),
    );
    this.gauge('devagent_journal_bytes', 'Bytes held by journals, of all views', [], () =>
      plain(hub.held.bytes),
    );
    this.gauge('devagent_journal_limit_bytes', 'Bytes that journals may hold, of all views', [], () =>
      plain(hub.held.limitBytes),
    );
  }

  private registerWatching({ watcher }: Services): void {
    const roots = (read: (root: ReturnType<typeof watcher.status>[number]) => number) => () =>
      watcher.status().map((root): Sample => [{ root: root.path }, read(root)]);
    const labels = ['root'];
    this.gauge(
      'devagent_root_files',
      'Files and symlinks in the index',
      labels,
      roots(({ files }) => files),
    );
    this.gauge(
      'devagent_root_directories',
      'Directories in the index',
      labels,
      roots(({ dirs }) => dirs),
    );
    this.gauge(
      'devagent_root_watches',
      'Watches held',
      labels,
      roots(({ watches }) => watches),
    );
    this.gauge(
      'devagent_root_ready',
      'Whether the first crawl is done',
      labels,
      roots(({ ready }) => Number(ready)),
    );
    this.gauge(
      'devagent_root_degraded',
      'Whether it is watched less well than it could be',
      labels,
      roots(({ degraded }) => Number(degraded !== null)),
    );
    this.counter(
      'devagent_recrawls_total',
      'Crawls because hints may have been lost',
      labels,
      roots(({ recrawls }) => recrawls),
    );
    this.counter(
      'devagent_audit_findings_total',
      'Changes that only the audit found: each is a bug',
      labels,
      roots(({ auditFindings }) => auditFindings),
    );
  }

  private registerProcess(): void {
    this.gauge('process_resident_memory_bytes', 'Resident memory', [], () =>
      plain(process.memoryUsage.rss()),
    );
    this.gauge('process_start_time_seconds', 'When the process began, in Unix time', [], () =>
      plain(Math.round(performance.timeOrigin) / 1000),
    );
    this.counter('process_cpu_seconds_total', 'Processor time, user and system', [], () => {
      const { user, system } = process.cpuUsage();
      return plain((user + system) / 1e6);
    });
    for (const percentile of percentiles) {
      this.gauge(
        `devagent_event_loop_delay_p${percentile}_seconds`,
        `How late the event loop was since the scrape before, percentile ${percentile}`,
        [],
        () => {
          const seconds = this.loopDelay.percentile(percentile) / 1e9;
          return plain(Math.max(0, seconds - loopDelayResolutionMs / 1e3));
        },
      );
    }
  }

  private gauge(name: string, help: string, labelNames: string[], samples: () => Sample[]): void {
    new Gauge({ name, help, labelNames, registers: [this.registry], collect: collector(samples) });
  }

  private counter(name: string, help: string, labelNames: string[], samples: () => Sample[]): void {
    new Counter({ name, help, labelNames, registers: [this.registry], collect: collector(samples) });
  }
}

/** Shows what is counted elsewhere, when it is asked for. */
function collector(samples: () => Sample[]) {
  return function collect(this: Counter | Gauge): void {
    this.reset();
    for (const [labels, value] of samples()) this.inc(labels, value);
  };
}
