// Names that a file system may take for the same. macOS and Windows fold case, and macOS takes composed and decomposed
// letters for the same, so a hint can name an entry in another form than its directory lists. What the index holds is
// always the form of a listing.

/** Names worked at between two steps (slices.ts): some 100 µs. */
const namesPerStep = 256;

/**
 * What all forms of a name have in common. No file system folds exactly like this, and none has to: a match is only a
 * reason to look.
 */
export function foldOf(name: string): string {
  // Upper case first: it joins letters that lower case alone keeps apart, such as σ and ς.
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

/** Names, to be found in any form. */
export class NameForms {
  /** By fold; undefined where several names have the same one. */
  private readonly byFold = new Map<string, string | undefined>();

  constructor(names: Iterable<string> = []) {
    for (const name of names) this.add(name);
  }

  /** Many names, in steps. */
  static *of(names: readonly string[]): Generator<void, NameForms> {
    const forms = new NameForms();
    for (const [index, name] of names.entries()) {
      forms.add(name);
      if (index % namesPerStep === namesPerStep - 1) yield;
    }
    return forms;
  }

  /** The only one of the names that `name` may be a form of; undefined if there is none, or more than one. */
  find(name: string): string | undefined {
    return this.byFold.get(foldOf(name));
  }

  private add(name: string): void {
    const fold = foldOf(name);
    this.byFold.set(fold, this.byFold.has(fold) ? undefined : name);
  }
}
