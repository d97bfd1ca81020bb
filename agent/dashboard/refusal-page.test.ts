import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { refusalPage } from './refusal-page.ts';

const refusal = { code: 'token_required', detail: 'no', fromElsewhere: false };

describe('the page for who is not let in', () => {
  it('says what to type for this very agent', () => {
    expect(refusalPage(refusal, 'default').html).toContain('<code>agent-cli url --open</code>');
    expect(refusalPage(refusal, 'web').html).toContain('<code>agent-cli url --open --name web</code>');
    expect(refusalPage({ ...refusal, code: 'link_expired' }, 'default').html).toContain('used before');
  });

  it('asks first where another page led here', () => {
    const { html } = refusalPage({ ...refusal, fromElsewhere: true }, 'default');
    expect(html).toContain('<a href="/">');
    expect(refusalPage(refusal, 'default').html).not.toContain('<a ');
  });

  it('shows what the request said as text', () => {
    const detail = `"<img src=x onerror='alert(1)'>" &amp;`;
    const { html } = refusalPage({ code: 'host_refused', detail, fromElsewhere: false }, 'default');
    expect(html).not.toContain('<img');
    expect(html).toContain('&quot;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&quot; &amp;amp;');
  });

  it('allows its own style and script, and no others', () => {
    const digestOf = (element: string, html: string): string => {
      const [, text = ''] = new RegExp(`<${element}>([\\s\\S]*)</${element}>`).exec(html) ?? [];
      return createHash('sha256').update(text).digest('base64');
    };
    const { headers, html } = refusalPage(refusal, 'default');
    const policy = headers['content-security-policy'];
    expect(policy).toContain(`style-src 'sha256-${digestOf('style', html)}'`);
    expect(policy).toContain(`script-src 'sha256-${digestOf('script', html)}'`);
  });

  it('has no script where a session would not help, or another page led here', () => {
    for (const other of [
      { ...refusal, code: 'host_refused' },
      { ...refusal, fromElsewhere: true },
    ]) {
      const { headers, html } = refusalPage(other, 'default');
      expect(headers['content-security-policy']).not.toContain('script-src');
      expect(html).not.toContain('<script');
    }
  });
});
