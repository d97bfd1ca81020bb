// What the reference needs besides a doc block at each name and member, which typedoc sees to.
import {
  type DeclarationReflection,
  type ParameterReflection,
  ReferenceType,
  ReflectionKind,
  type SignatureReflection,
  UnionType,
} from 'typedoc';

/** Whether a parameter's type says what it is: it is one of ours, which has a doc block. */
function isObvious({ type }: ParameterReflection): boolean {
  const types = type instanceof UnionType ? type.types : [type];
  return types.some(
    (one) =>
      one instanceof ReferenceType &&
      one.reflection !== undefined &&
      one.reflection.kind !== ReflectionKind.TypeParameter,
  );
}

function signaturesOf(reflection: DeclarationReflection): SignatureReflection[] {
  const own = reflection.inheritedFrom === undefined ? (reflection.signatures ?? []) : [];
  return [...own, ...(reflection.children ?? []).flatMap(signaturesOf)];
}

/** A sentence for each parameter that neither its type nor a `@param` explains. */
export function undocumentedParameters(exported: DeclarationReflection): string[] {
  return signaturesOf(exported).flatMap((signature) =>
    (signature.parameters ?? [])
      .filter((parameter) => !parameter.hasComment() && !isObvious(parameter))
      .map(({ name }) => `${signature.parent.getFriendlyFullName()}: its parameter ${name} has no @param`),
  );
}

/** A sentence for each export that is in no chapter, and for each word of a chapter that is no export. */
export function unsorted(
  exported: DeclarationReflection,
  chapters: Readonly<Record<string, readonly string[]>>,
): string[] {
  const names = new Set(exported.children?.map(({ name }) => name));
  const sorted = new Set(Object.values(chapters).flat());
  return [
    ...[...names]
      .filter((name) => !sorted.has(name))
      .map((name) => `${name}: in none of the chapters in chapters.ts`),
    ...[...sorted]
      .filter((name) => !names.has(name))
      .map((name) => `chapters.ts: no export is called ${name}`),
  ];
}
