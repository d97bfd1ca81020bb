// Types as they are written in TypeScript. (typedoc's own toString() says "Object" and "Function" of those that have
// no name.)
import type { DeclarationReflection, ParameterReflection, SignatureReflection, SomeType } from 'typedoc';

/** A parameter's name, without the line that says that the code has no use for it. */
export function nameOf({ name }: ParameterReflection): string {
  return name.replace(/^_/, '');
}

/** `name?: type`, as in a signature. */
function parameterText(parameter: ParameterReflection): string {
  const { flags, type, defaultValue } = parameter;
  const isOptional = flags.isOptional || defaultValue !== undefined;
  return `${nameOf(parameter)}${isOptional ? '?' : ''}: ${typeText(type, isOptional)}`;
}

/** The parameters of a signature, with what is round them. */
export function parametersText({ parameters = [] }: SignatureReflection): string {
  return `(${parameters.map(parameterText).join(', ')})`;
}

function objectText({ children = [], signatures = [] }: DeclarationReflection): string {
  const [signature] = signatures;
  if (signature !== undefined) return `${parametersText(signature)} => ${typeText(signature.type)}`;
  const members = children.map(({ name, flags, type }) => {
    return `${name}${flags.isOptional ? '?' : ''}: ${typeText(type, flags.isOptional)}`;
  });
  return `{ ${members.join('; ')} }`;
}

/** Whether a type needs brackets as a part of another. */
function isCompound(type: SomeType): boolean {
  return (
    type.type === 'union' ||
    type.type === 'intersection' ||
    type.type === 'typeOperator' ||
    (type.type === 'reflection' && type.declaration.signatures !== undefined)
  );
}

function partText(type: SomeType): string {
  return isCompound(type) ? `(${typeText(type)})` : typeText(type);
}

/**
 * A type as it is written.
 * @param isOptional whether `undefined` is a matter of course
 */
export function typeText(type: SomeType | undefined, isOptional = false): string {
  if (type === undefined) return 'unknown';
  switch (type.type) {
    case 'array':
      return `${partText(type.elementType)}[]`;
    case 'typeOperator':
      return `${type.operator} ${typeText(type.target)}`;
    case 'union':
      return type.types
        .map((one) => (one.type === 'reflection' ? partText(one) : typeText(one)))
        .filter((one) => !isOptional || one !== 'undefined')
        .join(' | ');
    case 'intersection':
      return type.types.map(partText).join(' & ');
    case 'tuple':
      return `[${type.elements.map((one) => typeText(one)).join(', ')}]`;
    case 'namedTupleMember':
      return `${type.name}: ${typeText(type.element)}`;
    case 'literal':
      return typeof type.value === 'string' ? `'${type.value}'` : String(type.value);
    case 'indexedAccess':
      return `${partText(type.objectType)}[${typeText(type.indexType)}]`;
    case 'mapped':
      return `{ [${type.parameter} in ${typeText(type.parameterType)}]: ${typeText(type.templateType)} }`;
    case 'reference': {
      const parts = type.typeArguments?.map((one) => typeText(one)) ?? [];
      return parts.length === 0 ? type.name : `${type.name}<${parts.join(', ')}>`;
    }
    case 'reflection':
      return objectText(type.declaration);
    default:
      return type.toString();
  }
}

/** The members of a type that has no name of its own, wherever in it they stand. */
export function membersOf(type: SomeType | undefined): readonly DeclarationReflection[] {
  if (type?.type === 'reflection') return type.declaration.children ?? [];
  return type?.type === 'intersection' ? type.types.flatMap(membersOf) : [];
}
