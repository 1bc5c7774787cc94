import { DEFAULTS, encodeUrl, type ViewState } from '../state/url.ts';

/** What a file is made from, besides the profiles: said where it is offered. */
export function narrowedBy({
  filters,
  transforms,
  window,
  span,
}: Pick<ViewState, 'filters' | 'transforms' | 'window' | 'span'>): string {
  const parts = [
    count(filters.length, 'filter'),
    count(transforms.length, 'transform'),
    window ? 'the chosen time' : '',
    span ? 'the chosen span' : '',
  ].filter(Boolean);
  const last = parts.pop();
  if (last === undefined) return '';
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

/** The flame graph alone, for a page elsewhere. What belongs to the reader or to other tabs is left out. */
export function embedUrl(state: ViewState, origin: string): string {
  const { tab, full, table, rowSearch, profileSort, columns, tableBy, tableSort, measure, groupBy, around } =
    DEFAULTS;
  const rest = {
    tab,
    full,
    table,
    rowSearch,
    profileSort,
    columns,
    tableBy,
    tableSort,
    measure,
    groupBy,
    around,
  };
  return origin + encodeUrl({ ...state, ...rest, page: 'embed' });
}

export function embedSnippet(state: ViewState, origin: string): string {
  const url = embedUrl(state, origin).replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return `<iframe src="${url}" title="Flame graph" width="100%" height="480" style="border: 0"></iframe>`;
}

function count(number: number, noun: string): string {
  return number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`;
}
