// docs/api.md
import {
  type Comment,
  type CommentDisplayPart,
  type DeclarationReflection,
  Reflection,
  ReflectionKind,
  type SignatureReflection,
} from 'typedoc';
import { membersOf, nameOf, parametersText, typeText } from './types.ts';

const head = `# The client library: reference

<!-- Written by scripts/api-docs/main.ts from the doc blocks in shared/client/. -->

All that \`devagent/client\` exports, in Node and in a page alike. How it is used, and what it does about trouble, is
told in [client.md](client.md).`;

/** What fits in a line of code. */
const lineChars = 100;

/** The anchor that a heading gets. */
function anchorOf(heading: string): string {
  return `#${heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-')}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function fenced(text: string): string {
  return `\`\`\`ts\n${text}\n\`\`\``;
}

/** Text of more than one line as an item of a list. */
function indented(text: string): string {
  return text.replaceAll(/\n\s*/g, '\n  ');
}

function isConstructor({ kind }: SignatureReflection): boolean {
  return kind === ReflectionKind.ConstructorSignature;
}

function isInherited({ inheritedFrom, getSignature }: DeclarationReflection): boolean {
  return (inheritedFrom ?? getSignature?.inheritedFrom) !== undefined;
}

/** The classes that a class inherits from. (One of which the type alone is exported looks like an interface.) */
function parentClasses({ kind, extendedTypes = [] }: DeclarationReflection): string[] {
  return extendedTypes
    .filter((type) => {
      const parent = type.type === 'reference' ? type.reflection : undefined;
      return kind === ReflectionKind.Class || parent?.kind === ReflectionKind.Class;
    })
    .map((type) => typeText(type));
}

/** The reference, from what typedoc has read. */
export class ReferencePage {
  readonly #exported: DeclarationReflection;
  readonly #chapters: Readonly<Record<string, readonly string[]>>;
  /** The names that a type may lead to. */
  readonly #names: RegExp;

  constructor(exported: DeclarationReflection, chapters: Readonly<Record<string, readonly string[]>>) {
    this.#exported = exported;
    this.#chapters = chapters;
    const names = exported.children?.map(({ name }) => name) ?? [];
    this.#names = new RegExp(`(?<!['\\w])(${names.join('|')})(?!['\\w])`);
  }

  /** The page's Markdown. */
  text(): string {
    const parts = [head, this.#contents()];
    for (const [chapter, names] of Object.entries(this.#chapters)) {
      parts.push(`## ${chapter}`);
      for (const name of names) {
        const declaration = this.#exported.getChildByName([name]);
        if (declaration?.isDeclaration()) parts.push(...this.#declaration(declaration));
      }
    }
    return `${parts.join('\n\n')}\n`;
  }

  #contents(): string {
    const lines = Object.entries(this.#chapters).map(([chapter, names]) => {
      const links = names.map((name) => this.#link(name));
      return `- [${chapter}](${anchorOf(chapter)}): ${links.join(', ')}`;
    });
    return lines.join('\n');
  }

  #declaration(declaration: DeclarationReflection): string[] {
    const { name, kind, type, comment, signatures, children = [] } = declaration;
    if (signatures !== undefined) {
      return [`### ${name}()`, ...signatures.flatMap((one) => this.#signature(name, one))];
    }
    const parents = parentClasses(declaration);
    const own = children.filter((child) => !isInherited(child));
    // Of an interface one wants to see all; a class has its parent beside it.
    const members = parents.length > 0 ? own : [...own, ...children.filter(isInherited)];
    return [
      `### ${name}`,
      ...(kind === ReflectionKind.TypeAlias ? [fenced(aliasText(declaration))] : []),
      ...this.#comment(comment),
      ...parents.map((parent) => `It has all that ${this.#type(parent)} has, and:`),
      ...this.#properties([...members.filter((child) => child.signatures === undefined), ...membersOf(type)]),
      ...members.flatMap((child) => this.#methods(name, child)),
    ];
  }

  /** A table of them, with the members of those that are objects without a name. */
  #properties(properties: readonly DeclarationReflection[]): string[] {
    const row = (property: DeclarationReflection, prefix = ''): string[] => {
      const { name, flags } = property;
      const type = property.getSignature?.type ?? property.type;
      const comment = property.getSignature?.comment ?? property.comment;
      const inner = membersOf(type);
      const text = inner.length > 0 ? 'object' : typeText(type, flags.isOptional);
      const cells = [
        code(`${prefix}${name}${flags.isOptional ? '?' : ''}`),
        this.#type(text).replaceAll('|', '\\|'),
        this.#comment(comment).join(' ').replaceAll(/\s+/g, ' ').replaceAll('|', '\\|'),
      ];
      return [`| ${cells.join(' | ')} |`, ...inner.flatMap((one) => row(one, `${prefix}${name}.`))];
    };
    if (properties.length === 0) return [];
    return [['| | type | |', '|---|---|---|', ...properties.flatMap((one) => row(one))].join('\n')];
  }

  #methods(parent: string, { name, signatures = [] }: DeclarationReflection): string[] {
    return signatures.flatMap((signature) => {
      const object = parent[0]?.toLowerCase() + parent.slice(1);
      const symbol = /^\[(.*)\]$/.exec(name)?.[1];
      const member = symbol === undefined ? `${object}.${name}` : `${object}[Symbol.${symbol}]`;
      const title = isConstructor(signature) ? `new ${parent}` : member;
      return [`#### \`${title}()\``, ...this.#signature(title, signature)];
    });
  }

  #signature(name: string, signature: SignatureReflection): string[] {
    const { type, comment, typeParameters = [] } = signature;
    const generic =
      typeParameters.length === 0 ? '' : `<${typeParameters.map((one) => one.name).join(', ')}>`;
    const result = isConstructor(signature) ? '' : `: ${typeText(type)}`;
    return [
      fenced(`${name}${generic}${parametersText(signature)}${result}`),
      ...this.#comment(comment),
      ...this.#facts(signature),
      ...this.#tags(comment, '@example'),
    ];
  }

  /** What goes in, what comes out and what is thrown. */
  #facts(signature: SignatureReflection): string[] {
    const { type, comment, parameters = [] } = signature;
    const facts = parameters.map((one) => {
      return this.#fact(code(nameOf(one)), typeText(one.type), this.#parts(one.comment?.summary ?? []));
    });
    if (!isConstructor(signature)) {
      facts.push(this.#fact('returns', typeText(type), this.#tags(comment, '@returns').join()));
    }
    facts.push(...this.#tags(comment, '@throws').map((text) => `- throws ${indented(text)}`));
    const told = facts.filter((fact) => fact !== undefined);
    return told.length === 0 ? [] : [told.join('\n')];
  }

  /** What there is to tell of a parameter or a result, if there is more than the signature shows. */
  #fact(subject: string, type: string, text: string): string | undefined {
    const parts = [
      ...(this.#names.test(type) ? [this.#type(type)] : []),
      ...(text === '' ? [] : [indented(text)]),
    ];
    return parts.length === 0 ? undefined : `- ${subject} ${parts.join(': ')}`;
  }

  #tags(comment: Comment | undefined, tag: `@${string}`): string[] {
    return comment?.getTags(tag).map(({ content }) => this.#parts(content).trim()) ?? [];
  }

  /** What a doc block says in general. */
  #comment(comment: Comment | undefined): string[] {
    const text = this.#parts(comment?.summary ?? []).trim();
    return text === '' ? [] : [text];
  }

  #parts(parts: readonly CommentDisplayPart[]): string {
    return parts
      .map((part) => {
        if (part.kind !== 'inline-tag') return part.text;
        return part.target instanceof Reflection ? this.#linkTo(part.target) : part.text;
      })
      .join('');
  }

  /** A type as code, in which the names that are told of here are links. */
  #type(text: string): string {
    return text
      .split(this.#names)
      .map((piece, index) => {
        if (piece.trim() === '') return piece;
        return index % 2 === 1 ? this.#link(piece) : code(piece);
      })
      .join('');
  }

  #linkTo(target: Reflection): string {
    const { name, parent } = target;
    if (parent === undefined || parent === this.#exported) return this.#link(name);
    const member = `${parent.name[0]?.toLowerCase()}${parent.name.slice(1)}.${name}`;
    return `[${code(member)}](${anchorOf(member)})`;
  }

  #link(name: string): string {
    return `[${code(name)}](${anchorOf(name)})`;
  }
}

/** `type Name<…> = …`, in lines where it is long. */
function aliasText({ name, type, typeParameters = [] }: DeclarationReflection): string {
  const types = typeParameters.map((one) => `${one.name} extends ${typeText(one.type)}`);
  const left = `type ${name}${types.length === 0 ? '' : `<${types.join(', ')}>`} =`;
  const line = `${left} ${typeText(type)}`;
  if (line.length <= lineChars || (type?.type !== 'union' && type?.type !== 'intersection')) return line;
  const sign = type.type === 'union' ? '|' : '&';
  return [left, ...type.types.map((one) => `  ${sign} ${typeText(one)}`)].join('\n');
}
