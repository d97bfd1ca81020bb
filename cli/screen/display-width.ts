import { eastAsianWidth } from 'get-east-asian-width';

const ascii = /^[ -~]*$/;
const invisible = /\p{Mark}|\p{Format}|\p{Control}/u;

/**
 * How many columns of a terminal `text` takes. Right for plain text, accents, East Asian text and simple
 * emoji; a joined emoji counts as its parts.
 *
 * The default export, and with no work at import, because the build puts it in the place of the package
 * `string-width`, whose three Intl.Segmenter objects take a third of the CLI's start.
 */
export default function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let columns = 0;
  for (const character of text) {
    if (!invisible.test(character)) columns += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return columns;
}
