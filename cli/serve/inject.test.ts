import { describe, expect, it } from '@jest/globals';
import { injectInto, isDocument } from './inject.ts';

function inject(html: string): string {
  return injectInto(Buffer.from(html), '[S]').bytes.toString();
}

describe('a script that is put into a page', () => {
  it.each([
    '<!doctype html><head>[S]<title>t</title></head><body>b',
    '<html><HEAD\n>[S]</HEAD >',
    '<!DOCTYPE html>[S]\n<p>ü',
    '<html lang="a>b">[S]<body>b</body></html>',
    '<html><head data-x="\'>">[S]<!-- </head> --></head>',
    '<!-- <head> --><head>[S]</head>',
    '<html>[S]<head',
    '<html>[S]<title><head></title>',
    '<!doctype html>[S]<html data-x="',
    // Caught while they are written: empty, or in the middle of whatever.
    '[S]',
    '[S]<!doc',
    '<head>[S]<style>body{',
    '<html>[S]<!-- never closed',
    // Neither html nor head, as browsers take it.
    '[S]<p>a page',
    '[S]<header>no head</header>',
    '\ufeff[S]<p>',
  ])('%s', (expected) => {
    expect(inject(expected.replace('[S]', ''))).toBe(expected);
  });

  it.each([
    '',
    '<p>a fragment</p>',
    '<script>"<html>"</script>',
    '<!-- <body> --><li>x',
    '<header></header>',
  ])('%s is taken for a fragment where no browser shows it', (html) => {
    expect(isDocument(Buffer.from(html))).toBe(false);
    expect(isDocument(Buffer.from(`<!doctype html>${html}`))).toBe(true);
  });

  it('leaves the bytes of other encodings as they are', () => {
    const latin = Buffer.from('<html>\xe4</html>', 'latin1');
    expect(injectInto(latin, '[S]').bytes.toString('latin1')).toBe('<html>[S]\xe4</html>');
    const little = Buffer.from('\ufeff<html>\ud800ü\u3c3c</html>', 'utf16le');
    const expected = Buffer.from('\ufeff<html>[S]\ud800ü\u3c3c</html>', 'utf16le');
    expect(injectInto(little, '[S]').bytes).toEqual(expected);
    // Cut off in the middle of a character.
    const big = Buffer.concat([Buffer.from(little).swap16(), Buffer.from('x')]);
    const bigExpected = Buffer.concat([Buffer.from(expected).swap16(), Buffer.from('x')]);
    expect(injectInto(big, '[S]').bytes).toEqual(bigExpected);
  });

  it('is let in by policies, which are left alone otherwise', () => {
    const page = (policy: string) =>
      `<head>[S]<META content="${policy}" http-equiv='content-security-policy'><meta name=a content="default-src x">`;
    const from = page("default-src 'none'; img-src *").replace('[S]', '');
    expect(inject(from)).toBe(page("connect-src 'self'; default-src 'none'; img-src *"));
    // In a comment, or a text, it is none.
    const none = `<head>[S]<!-- ${page("default-src 'none'")} --><title>${page("default-src 'none'")}</title>`;
    expect(inject(none.replace('[S]', ''))).toBe(none);
    const unread = '<meta http-equiv=Content-Security-Policy content="default-src&Tab;x">';
    expect(injectInto(Buffer.from(unread), '').isDoubtful).toBe(true);
    expect(injectInto(Buffer.from(from), '').isDoubtful).toBe(false);
  });

  it('takes time in proportion to the page', () => {
    for (const piece of [
      '<!-- x <script ',
      '<!-- x --><script></script>',
      '<head "',
      '<meta "',
      '<meta a=b>',
    ]) {
      const many = piece.repeat(200_000);
      expect(inject(`<html>${many}`)).toBe(`<html>[S]${many}`);
    }
  });
});
