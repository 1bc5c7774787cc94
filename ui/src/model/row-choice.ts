import type { Dimension } from '../state/url.ts';
import { dimensionName, dimensionParts } from './dimension.ts';
import { terms } from './query-text.ts';
import type { FunctionRow } from './top.ts';

export type FrameDimension = 'function' | 'line' | 'file' | 'package';

/** What of frames the rows are, if they are frames at all. */
export function frameDimensionOf(dimension: Dimension): FrameDimension | undefined {
  const { kind, key } = dimensionParts(dimension);
  if (kind !== 'frame') return undefined;
  return key === 'line' || key === 'file' || key === 'package' ? key : 'function';
}

/** As the head of a column. The keys of tags stay as they are written. */
export function columnHead(dimension: Dimension): string {
  const name = frameDimensionOf(dimension) ?? dimensionName(dimension);
  return dimensionParts(dimension).kind === 'tag' ? name : name.slice(0, 1).toUpperCase() + name.slice(1);
}

/** What names a frame, as far as it is known. */
export type NamedFrame = Pick<FunctionRow, 'name' | 'file' | 'module' | 'line'>;

/** A frame of its own, in whatever kind of rows. */
const NO_STACK = '[no stack]';

/**
 * How the API names the frames of a row: name, file, module, line and package, where an empty part means any. Empty
 * for rows of frames without a name: there is nothing to ask for.
 */
export function frameKeyOf(row: NamedFrame, by: FrameDimension): string {
  if (row.name === NO_STACK) return row.name;
  const isNamed = row.name !== '' && row.name !== '[unknown]';
  switch (by) {
    case 'function':
      return isNamed ? tabbed(row.name, row.file, row.module) : '';
    case 'line':
      return isNamed ? tabbed(row.name, row.file, row.module, row.line > 0 ? String(row.line) : '') : '';
    case 'file':
      return row.file ? tabbed('', row.file) : row.module ? tabbed('', '', row.module) : '';
    case 'package':
      return isNamed ? tabbed('', '', '', '', row.name) : '';
  }
}

function tabbed(...parts: string[]): string {
  return parts.join('\t').replace(/\t+$/, '');
}

export type Choice = 'included' | 'excluded' | 'neither';

/** What filters or transforms say about a row: `only:KEY` and `exclude:KEY`, or `key:value` and `-key:value`. */
export function choiceOf(list: readonly string[], included: string, excluded: string): Choice {
  if (list.includes(included)) return 'included';
  return list.includes(excluded) ? 'excluded' : 'neither';
}

/** The list with `wanted` in it, or out of it when it was in. What says the opposite goes either way. */
export function toggled(list: readonly string[], wanted: string, opposite: string): string[] {
  const rest = list.filter((each) => each !== wanted && each !== opposite);
  return list.includes(wanted) ? rest : [...rest, wanted];
}

/** The transform that a click on the row puts in or takes out. */
export function toggledTransforms(
  transforms: readonly string[],
  row: NamedFrame,
  by: FrameDimension,
  isExclusion: boolean,
): string[] {
  const key = frameKeyOf(row, by);
  if (key === '') return [...transforms];
  const pair = [`only:${key}`, `exclude:${key}`] as const;
  return isExclusion ? toggled(transforms, pair[1], pair[0]) : toggled(transforms, pair[0], pair[1]);
}

/** The filter on the label's value that a click on the row puts in or takes out. */
export function toggledFilters(
  filters: readonly string[],
  key: string,
  value: string,
  isExclusion: boolean,
): string[] {
  const filter = `${key}:${value}`;
  return isExclusion ? toggled(filters, `-${filter}`, filter) : toggled(filters, filter, `-${filter}`);
}

/** Without the filters on one label: the table of its values goes on showing those that are not chosen. */
export function filtersWithout(filters: readonly string[], key: string): string[] {
  return filters.filter((filter) => !filter.replace(/^-/, '').startsWith(`${key}:`));
}

/** What the search says about profiles without the tag, where no value can be named. */
export function missingChoice(query: string, key: string): Choice {
  const said = terms(query).map(({ start, end }) => query.slice(start, end));
  return choiceOf(said, `-${key}:*`, `${key}:*`);
}

/** The search with profiles without the tag taken in, or out; or as before, when it said so already. */
export function toggledMissing(query: string, key: string, isExclusion: boolean): string {
  const pair = [`-${key}:*`, `${key}:*`] as const;
  const said = terms(query).map(({ start, end }) => query.slice(start, end));
  return (isExclusion ? toggled(said, pair[1], pair[0]) : toggled(said, pair[0], pair[1])).join(' ');
}
