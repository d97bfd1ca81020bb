import { describe, expect, it } from '@jest/globals';
import { injectInto } from './inject.ts';

function inject(html: string): string | undefined {
  return injectInto(Buffer.from(html), '[S]')?.toString();
}

describe('a script that is put into a page', () => {
  it.each<[string, string]>([
    [
      '<!doctype html><head><title>t</title></head><body>b',
      '<!doctype html><head><title>t</title>[S]</head><body>b',
    ],
    ['<html><HEAD\n></HEAD ></html>', '<html><HEAD\n>[S]</HEAD ></html>'],
    ['<!DOCTYPE html>\n<p>ü', '<!DOCTYPE html>\n<p>ü[S]'],
    ['<body>b</body></html>', '<body>b</body></html>[S]'],
    ['<head><!-- </head> --></head>', '<head><!-- </head> -->[S]</head>'],
    ["<head><script>'</head>'</script></head>", "<head><script>'</head>'</script>[S]</head>"],
    ['<html><!-- </head> never closed', '<html><!-- </head> never closed[S]'],
  ])('%s', (html, expected) => {
    expect(inject(html)).toBe(expected);
  });

  it.each([
    '',
    '<p>a fragment</p>',
    '<script>"<html>"</script>',
    '<!-- <body> --><li>x',
    '<header>no head</header>',
  ])('not %s, which is a fragment', (html) => {
    expect(inject(html)).toBeUndefined();
  });

  it('leaves the bytes of other encodings as they are, and UTF-16 alone', () => {
    const latin = Buffer.from('<html>\xe4</html>', 'latin1');
    expect(injectInto(latin, '[S]')?.toString('latin1')).toBe('<html>\xe4</html>[S]');
    expect(injectInto(Buffer.from('\ufeff<html></html>', 'utf16le'), '[S]')).toBeUndefined();
  });

  it('takes time in proportion to the page', () => {
    const half = '<!-- x <script '.repeat(200_000);
    expect(inject(`<html>${half}`)).toBe(`<html>${half}[S]`);
    const whole = '<!-- x --><script></script>'.repeat(100_000);
    expect(inject(`<html>${whole}`)).toBe(`<html>${whole}[S]`);
  });
});
