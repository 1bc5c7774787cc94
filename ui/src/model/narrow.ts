/** What a click on a row or a line does: the same question about that value only, or about all others. */
import type { ViewState } from '../state/url.ts';
import { dimensionParts } from './dimension.ts';
import { frameDimensionOf, toggledTransforms } from './row-choice.ts';
import { facetTerms, toggleExcluded, withFacetTerms } from './query-text.ts';

export type Narrowing = 'include' | 'exclude';

export function narrowed(
  state: ViewState,
  dimension: string,
  value: string,
  how: Narrowing,
): Partial<ViewState> {
  const { kind, key } = dimensionParts(dimension);
  const cleared = { zoom: [], expanded: [] };
  if (kind === 'tag') {
    // What has no value is what does not have any.
    const negates = value === '' ? how === 'include' : how === 'exclude';
    const written = value === '' ? '*' : value;
    const query = negates ? toggleExcluded(state.query, key, written) : withOnly(state.query, key, written);
    return { query, ...cleared };
  }
  if (kind === 'label') {
    const plain = `${key}:${value}`;
    const wanted = how === 'include' ? plain : `-${plain}`;
    // One value alone leaves nothing to exclude.
    const others = state.filters.filter((each) =>
      how === 'include' ? keyOfFilter(each) !== key : each !== plain && each !== wanted,
    );
    return { filters: state.filters.includes(wanted) ? others : [...others, wanted], ...cleared };
  }
  const row = { name: value, file: '', module: '', line: 0 };
  const by = frameDimensionOf(dimension) ?? 'function';
  return { transforms: toggledTransforms(state.transforms, row, by, how === 'exclude'), ...cleared };
}

/** Only what has all of these values of these tags. */
export function narrowedToGroup(
  state: ViewState,
  tags: readonly string[],
  values: readonly string[],
): Partial<ViewState> {
  const query = tags.reduce((text, tag, index) => {
    const { key } = dimensionParts(tag);
    const value = values[index] ?? '';
    return withFacetTerms(
      text,
      key,
      value === '' ? { included: [], excluded: ['*'] } : { included: [value], excluded: [] },
    );
  }, state.query);
  return { query, zoom: [], expanded: [] };
}

/** Of the tag this value only; or no longer, where that was so already. */
function withOnly(query: string, key: string, value: string): string {
  const { included, excluded } = facetTerms(query, key);
  const isAlready = included.length === 1 && included[0] === value && excluded.length === 0;
  return withFacetTerms(query, key, { included: isAlready ? [] : [value], excluded: [] });
}

function keyOfFilter(filter: string): string {
  const plain = filter.startsWith('-') ? filter.slice(1) : filter;
  return plain.slice(0, plain.indexOf(':'));
}
