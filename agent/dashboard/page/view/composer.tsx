import { useRef, useState } from 'preact/hooks';
import type { Dashboard } from '../dashboard.ts';
import { formatCount, formatCountOf } from '../model/text.ts';

type Outcome = { readonly ok: boolean; readonly text: string };

/** Sends a message to everyone who listens to its topic. */
export function Composer({ dashboard }: { dashboard: Dashboard }) {
  const [outcome, setOutcome] = useState<Outcome | undefined>(undefined);
  const [isSending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const send = async (): Promise<void> => {
    if (form.current === null || isSending) return;
    const values = new FormData(form.current);
    const topic = String(values.get('topic')).trim();
    // A browser hands out the lines of a form with CR LF.
    const text = String(values.get('data')).replaceAll('\r\n', '\n');
    let data: unknown = text;
    if (values.get('as') === 'json') {
      try {
        data = JSON.parse(text);
      } catch (error) {
        setOutcome({ ok: false, text: `Not sent: this is not JSON. ${messageOf(error)}` });
        return;
      }
    }
    setSending(true);
    try {
      const { delivered, matched } = await dashboard.send(topic, data);
      setOutcome({
        ok: true,
        text: `Delivered to ${formatCount(delivered)} of ${formatCountOf(matched, 'client')}`,
      });
      const field = form.current.elements.namedItem('data') as HTMLTextAreaElement;
      field.value = '';
    } catch (error) {
      setOutcome({ ok: false, text: `Not sent: ${messageOf(error)}` });
    } finally {
      setSending(false);
    }
  };

  return (
    <form
      ref={form}
      class="composer"
      aria-label="Send a message"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <label class="composer-topic">
        <span>Topic</span>
        <input name="topic" type="text" placeholder="message" autocomplete="off" spellcheck={false} />
      </label>
      <label class="composer-data">
        <span class="unseen">Message</span>
        <textarea
          name="data"
          rows={1}
          placeholder="Message"
          spellcheck={false}
          title="Enter sends, Shift+Enter begins a new line"
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            form.current?.requestSubmit();
          }}
        />
      </label>
      <label class="composer-as">
        <span class="unseen">Sent as</span>
        <select name="as">
          <option value="text">as text</option>
          <option value="json">as JSON</option>
        </select>
      </label>
      <button type="submit" disabled={isSending}>
        Send
      </button>
      <output class={outcome?.ok === false ? 'outcome failed' : 'outcome'}>{outcome?.text}</output>
    </form>
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
