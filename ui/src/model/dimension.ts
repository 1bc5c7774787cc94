/** What rows and lines can stand for. A key alone is that of a tag. */

export interface DimensionParts {
  readonly kind: 'tag' | 'label' | 'frame';
  readonly key: string;
}

export function dimensionParts(dimension: string): DimensionParts {
  const [, kind, key] = /^(tag|label|frame):(.*)$/s.exec(dimension) ?? [];
  return kind !== undefined && key !== undefined
    ? { kind: kind as DimensionParts['kind'], key }
    : { kind: 'tag', key: dimension };
}

/** As the API takes it where tags need their prefix. */
export function fullDimension(dimension: string): string {
  const { kind, key } = dimensionParts(dimension);
  return `${kind}:${key}`;
}

/** As it is written in the address and where tags are the rule. */
export function shortDimension(dimension: string): string {
  const { kind, key } = dimensionParts(dimension);
  return kind === 'tag' ? key : dimension;
}

/** In the middle of a sentence: "by thread". */
export function dimensionName(dimension: string): string {
  return dimensionParts(dimension).key;
}

/** Several of what the dimension has: "threads". */
export function dimensionPlural(dimension: string): string {
  const { key } = dimensionParts(dimension);
  if (key === 'class') return 'classes';
  return /[^aeiou]y$/.test(key) ? `${key.slice(0, -1)}ies` : key.endsWith('s') ? key : `${key}s`;
}

/** What a row without a value of its own is called. */
export function groupName(dimension: string, value: string): string {
  return value === '' ? `(no ${dimensionName(dimension)})` : value;
}

export const FRAME_DIMENSIONS = ['frame:function', 'frame:line', 'frame:file', 'frame:package'] as const;
export const LABEL_DIMENSIONS = ['label:endpoint', 'label:thread'] as const;
export const TAG_DIMENSIONS = ['service', 'version', 'env', 'host', 'runtime', 'language'] as const;

/** The value type that says the same of samples as a measure says of whole profiles. */
const TYPE_OF_MEASURE: Record<string, string> = {
  cpu_cores: 'cpu-time',
  wall_cores: 'wall-time',
  alloc_bytes_per_second: 'alloc-space',
  heap_bytes: 'heap-space',
  lock_wait_cores: 'lock-acquire-wait',
  exceptions_per_second: 'exception-samples',
};

/**
 * Profiles have measures, and threads and functions do not: for those, the chart shows the value type that comes
 * closest. `types` are those in scope, the most useful first.
 */
export function measureFor(measure: string, dimension: string, types: readonly string[]): string {
  if (dimensionParts(dimension).kind === 'tag' || measure.startsWith('type:')) return measure;
  const near = TYPE_OF_MEASURE[measure] ?? '';
  const name = types.includes(near) ? near : types[0];
  return `type:${name ?? 'cpu-time'}`;
}

/** The other way around: a measure of profiles can only be grouped by what profiles have. */
export function dimensionFor(dimension: string, measure: string): string {
  return measure.startsWith('type:') || dimensionParts(dimension).kind === 'tag' ? dimension : 'service';
}
