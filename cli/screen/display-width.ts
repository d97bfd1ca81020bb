const ascii = /^[ -~]*$/;
const invisible = /\p{Mark}|\p{Format}|\p{Control}/u;
// Han, kana, Hangul, full-width forms, and pictures that are shown as such without being asked to.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

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
    if (!invisible.test(character)) columns += wide.test(character) ? 2 : 1;
  }
  return columns;
}
