/** Whatever JSON as names and texts: `{"a":{"b":[1,2]}}` is `a.b`, `1, 2`. */
export function flattened(value: unknown, prefix = ''): (readonly [name: string, text: string])[] {
  if (value === null || value === undefined) return prefix === '' ? [] : [[prefix, 'not set']];
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    const isPlain = items.every((item) => typeof item !== 'object' || item === null);
    return isPlain
      ? [[prefix, items.length === 0 ? 'none' : items.map(textOf).join(', ')]]
      : items.flatMap((item, index) => flattened(item, `${prefix}.${index + 1}`));
  }
  if (typeof value === 'object') {
    return Object.entries(value).flatMap(([key, inner]) =>
      flattened(inner, prefix === '' ? key : `${prefix}.${key}`),
    );
  }
  return [[prefix, textOf(value)]];
}

function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value || 'empty' : JSON.stringify(value);
}
