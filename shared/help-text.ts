/**
 * The text of yargs's help without the types of flags. yargs shows what it parses a flag to, which is text
 * for numbers and lists too, because what the text means is decided elsewhere: that would mislead.
 */
export function withoutFlagTypes(help: string): string {
  return help.replaceAll(/\s*\[(?:string|boolean|array)\]$/gm, '');
}
