import { Component, type ComponentChildren } from 'preact';
import { changeCountTexts, countChanges, messageText, pathsNamed } from '../../../../shared/event-text.ts';
import type { Change } from '../../../../shared/protocol.ts';
import { formatBytes, timeOfDay } from '../../../../shared/units.ts';
import { matchesChange } from '../model/line-filter.ts';
import type { BatchLine, Line, MessageLine } from '../model/lines.ts';
import { describeGap, formatCount, formatCountOf } from '../model/text.ts';
import { Path } from './path.tsx';
import { Visible } from './visible.tsx';

/** On one line nobody reads more. */
const summaryChars = 400;
/** Opened, a message shows as much, and a batch as many. */
const detailChars = 64 * 1024;
const detailChanges = 1_000;

interface RowProps {
  readonly line: Line;
  /** What roots are called; undefined where there is but one. */
  readonly labels: ReadonlyMap<string, string> | undefined;
  /** What is looked for: of a batch, only what matches is listed. */
  readonly text: string;
  readonly opened: () => void;
}

/** A line of the list; it is drawn once, for what happened does not change. */
export class LineRow extends Component<RowProps, { isOpen: boolean }> {
  override state = { isOpen: false };
  readonly #toggle = ({ currentTarget }: { currentTarget: EventTarget | null }): void => {
    const { open: isOpen } = currentTarget as HTMLDetailsElement;
    if (isOpen === this.state.isOpen) return;
    this.setState({ isOpen });
    if (isOpen) this.props.opened();
  };

  override shouldComponentUpdate(next: RowProps, { isOpen }: { isOpen: boolean }): boolean {
    return next.labels !== this.props.labels || next.text !== this.props.text || isOpen !== this.state.isOpen;
  }

  override render() {
    const { line, labels, text } = this.props;
    const { kind, content, detail } = parts(line, labels, text, this.state.isOpen);
    const { clock, fraction } = timeOfDay(line.timeMs);
    const cells = (
      <>
        <time class="line-time" dateTime={new Date(line.timeMs).toISOString()}>
          {clock}
          <span class="line-fraction">{fraction}</span>
        </time>
        <span class="line-kind">{kind}</span>
        <span class="line-content">{content}</span>
      </>
    );
    const className = `line line-${kind}`;
    if (detail === undefined) return <li class={className}>{cells}</li>;
    return (
      <li class={className}>
        <details onToggle={this.#toggle}>
          <summary>{cells}</summary>
          {this.state.isOpen && detail}
        </details>
      </li>
    );
  }
}

interface Parts {
  readonly kind: string;
  readonly content: ComponentChildren;
  /** Undefined where the line says all that there is. */
  readonly detail?: ComponentChildren;
}

function parts(line: Line, labels: RowProps['labels'], text: string, isOpen: boolean): Parts {
  switch (line.type) {
    case 'change':
      return {
        kind: line.change.event,
        content: (
          <ChangeText change={line.change} label={labels?.get(line.root) ?? otherRoot(line.root, labels)} />
        ),
      };
    case 'batch':
      return batchParts(line, labels, text, isOpen);
    case 'message':
      return messageParts(line, isOpen);
    case 'gap':
      return { kind: 'gap', content: describeGap(line) };
    case 'lost':
      return { kind: 'lost', content: <>connection lost: {<Visible text={line.reason} />}</> };
    case 'found':
      return {
        kind: 'found',
        content: line.resumed ? 'connected again, and nothing was missed' : 'connected again',
      };
    case 'skipped':
      return {
        kind: 'skipped',
        content: `${formatCountOf(line.count, 'line')} more came while the list was paused, and are not kept`,
      };
  }
}

/** A root that is watched no longer. */
function otherRoot(root: string, labels: RowProps['labels']): string | undefined {
  return labels === undefined ? undefined : root;
}

function ChangeText({ change, label }: { change: Change; label: string | undefined }) {
  const { path, kind, size, from } = change;
  return (
    <>
      <Path path={kind === 'dir' ? `${path}/` : path} label={label} />
      {from !== undefined && (
        <span class="line-from">
          from <Visible text={from} />
        </span>
      )}
      {kind === 'symlink' && <span class="line-note">symlink</span>}
      {size !== undefined && kind === 'file' && <span class="line-size">{formatBytes(size)}</span>}
    </>
  );
}

function batchParts(line: BatchLine, labels: RowProps['labels'], text: string, isOpen: boolean): Parts {
  const { root, changes, more } = line;
  const label = labels?.get(root) ?? otherRoot(root, labels);
  const matching = text === '' ? changes : changes.filter((change) => matchesChange(text, root, change));
  const counts = changeCountTexts(countChanges(changes), formatCount);
  const total = formatCountOf(changes.length, 'change');
  return {
    kind: 'batch',
    content: (
      <>
        <span class="batch-counts">
          {counts.length === 1 ? counts : total}
          {more && ' and more'}
          {label !== undefined && (
            <>
              {' in '}
              <Visible text={label} />
            </>
          )}
          {counts.length > 1 && `: ${counts.join(', ')}`}
          {matching.length < changes.length && ` (${formatCount(matching.length)} match)`}
        </span>
        <span class="batch-names">
          {matching.slice(0, pathsNamed).map(({ event, path, kind }) => (
            <Visible key={`${event} ${path}`} text={kind === 'dir' ? `${path}/` : path} />
          ))}
        </span>
      </>
    ),
    detail: isOpen && (
      <ul class="batch-list">
        {matching.slice(0, detailChanges).map((change) => (
          // A path whose kind changed stands in it twice.
          <li key={`${change.event} ${change.path}`} class={`line line-${change.event}`}>
            <span class="line-kind">{change.event}</span>
            <span class="line-content">
              <ChangeText change={change} label={undefined} />
            </span>
          </li>
        ))}
      </ul>
    ),
  };
}

function messageParts({ topic, from, data }: MessageLine, isOpen: boolean): Parts {
  const text = messageText(data);
  const isShort = text.length <= summaryChars && !text.includes('\n') && typeof data !== 'object';
  return {
    kind: 'message',
    content: (
      <>
        <Visible class="message-topic" text={topic} />
        <span class="line-from">
          from <Visible text={from} />
        </span>
        <Visible class="message-data" text={text.slice(0, summaryChars)} />
      </>
    ),
    detail: isShort ? undefined : isOpen && <MessageDetail data={data} />,
  };
}

function MessageDetail({ data }: { data: unknown }) {
  const text = typeof data === 'string' ? data : JSON.stringify(data, null, 2);
  const rest = text.length - detailChars;
  return (
    <pre class="message-detail">
      {text
        .slice(0, detailChars)
        .split('\n')
        .flatMap((part, index) => [index > 0 && '\n', <Visible key={index} text={part} />])}
      {rest > 0 && `\n… ${formatCountOf(rest, 'more character')}`}
    </pre>
  );
}
