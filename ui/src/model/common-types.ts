import type { ValueTypeInfo } from '../api/types.ts';

/** The value types of two sides, those that both have first: only they can be compared. */
export function commonTypes(a: readonly ValueTypeInfo[], b: readonly ValueTypeInfo[]): ValueTypeInfo[] {
  const inA = new Map(a.map((type) => [type.name, type]));
  const inB = new Set(b.map((type) => type.name));
  const both = b.flatMap((type) => {
    const other = inA.get(type.name);
    return other ? [{ ...type, total: type.total + other.total }] : [];
  });
  const alone = (types: readonly ValueTypeInfo[], side: string): ValueTypeInfo[] =>
    types.map((type) => ({ ...type, description: `Only in ${side}. ${type.description}` }));
  return [
    ...both,
    ...alone(
      a.filter((type) => !inB.has(type.name)),
      'A',
    ),
    ...alone(
      b.filter((type) => !inA.has(type.name)),
      'B',
    ),
  ];
}
