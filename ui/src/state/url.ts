import type { Granularity, Measure } from '../api/types.ts';
import type { FunctionSort } from '../model/top.ts';

/**
 * Everything the page shows follows from this, and this is in the URL: whoever opens a link sees what its sender saw.
 * (The theme is not here: it belongs to the reader, not to the link.)
 */
export interface ViewState {
  /** A profile to show alone; empty for the explorer. */
  readonly profile: string;
  /** Scope, in Datadog's search syntax. */
  readonly query: string;
  /** As the API takes it: `now-1h`, RFC 3339 or Unix milliseconds. */
  readonly from: string;
  readonly to: string;
  readonly live: boolean;
  /** Value type; empty for the most useful one the scope has. */
  readonly type: string;
  readonly tab: Tab;
  readonly granularity: Granularity;
  /** Label filters, `thread:worker-1` or `-thread:worker-1`. */
  readonly filters: readonly string[];
  /** Keys of the frames from the root to the one zoomed in on. */
  readonly zoom: readonly string[];
  /** Paths whose pruned children were fetched, each joined by dots. */
  readonly expanded: readonly string[];
  readonly search: string;
  readonly table: boolean;
  readonly functionSort: FunctionSort;
  readonly measure: Measure;
  readonly groupBy: string;
  readonly profileSort: string;
}

export type Tab = 'flame' | 'top' | 'profiles' | 'details';

export const DEFAULTS: ViewState = {
  profile: '',
  query: '',
  from: 'now-1h',
  to: 'now',
  live: false,
  type: '',
  tab: 'flame',
  granularity: 'function',
  filters: [],
  zoom: [],
  expanded: [],
  search: '',
  table: true,
  functionSort: '-self',
  measure: 'cpu_cores',
  groupBy: 'service',
  profileSort: '-start',
};

const TABS: readonly Tab[] = ['flame', 'top', 'profiles', 'details'];
const GRANULARITIES: readonly Granularity[] = ['function', 'line', 'file', 'package'];
export const MEASURES: readonly Measure[] = [
  'cpu_cores',
  'wall_cores',
  'alloc_bytes_per_second',
  'samples',
  'profiles',
];
const FUNCTION_SORTS: readonly FunctionSort[] = ['-self', '-total', 'name', 'self', 'total', '-name'];

/** Written into every link. Raise it with an upgrader whenever an old link would be read differently. */
export const VERSION = 1;

type Upgrader = (params: URLSearchParams) => void;

/** `UPGRADERS[n]` turns the parameters of version `n` into those of version `n + 1`. */
export const UPGRADERS: readonly Upgrader[] = [
  // Version 0 is a link without a version: written by hand, in a runbook or by another program.
  (params) => {
    const short = params.get('q');
    if (short !== null && !params.has('query')) params.set('query', short);
    params.delete('q');
    const last = params.get('last');
    if (last !== null && !params.has('from')) params.set('from', `now-${last}`);
    params.delete('last');
  },
];

export function decodeUrl(pathname: string, search: string): ViewState {
  const params = new URLSearchParams(search);
  const written = Number(params.get('v') ?? '0');
  const version = Number.isInteger(written) && written >= 0 ? written : 0;
  for (let from = version; from < VERSION; from++) UPGRADERS[from]?.(params);

  const text = (name: string, fallback: string): string => params.get(name) ?? fallback;
  const flag = (name: string, fallback: boolean): boolean => {
    const value = params.get(name);
    return value === null ? fallback : value === '1';
  };
  const path = (name: string): string[] => text(name, '').split('.').filter(Boolean);
  const profile = /^\/profiles\/([0-9a-f]{1,16})\/?$/.exec(pathname)?.[1] ?? '';
  return {
    profile,
    query: text('query', DEFAULTS.query),
    from: text('from', DEFAULTS.from) || DEFAULTS.from,
    to: text('to', DEFAULTS.to) || DEFAULTS.to,
    live: flag('live', DEFAULTS.live),
    type: text('type', DEFAULTS.type),
    tab: oneOf(TABS, params.get('tab'), DEFAULTS.tab),
    granularity: oneOf(GRANULARITIES, params.get('granularity'), DEFAULTS.granularity),
    filters: params.getAll('filter').filter((filter) => filter.includes(':')),
    zoom: path('zoom'),
    expanded: params.getAll('expand'),
    search: text('search', DEFAULTS.search),
    table: flag('table', DEFAULTS.table),
    functionSort: oneOf(FUNCTION_SORTS, params.get('fsort'), DEFAULTS.functionSort),
    measure: oneOf(MEASURES, params.get('measure'), DEFAULTS.measure),
    groupBy: text('group', DEFAULTS.groupBy) || DEFAULTS.groupBy,
    profileSort: text('sort', DEFAULTS.profileSort) || DEFAULTS.profileSort,
  };
}

/** Only what differs from the defaults, so that links stay short. */
export function encodeUrl(state: ViewState): string {
  const params = new URLSearchParams();
  const put = (name: string, value: string, fallback: string): void => {
    if (value !== fallback) params.set(name, value);
  };
  put('query', state.query, DEFAULTS.query);
  put('from', state.from, DEFAULTS.from);
  put('to', state.to, DEFAULTS.to);
  put('live', state.live ? '1' : '0', DEFAULTS.live ? '1' : '0');
  put('type', state.type, DEFAULTS.type);
  put('tab', state.tab, DEFAULTS.tab);
  put('granularity', state.granularity, DEFAULTS.granularity);
  for (const filter of state.filters) params.append('filter', filter);
  put('search', state.search, DEFAULTS.search);
  put('table', state.table ? '1' : '0', DEFAULTS.table ? '1' : '0');
  put('fsort', state.functionSort, DEFAULTS.functionSort);
  put('measure', state.measure, DEFAULTS.measure);
  put('group', state.groupBy, DEFAULTS.groupBy);
  put('sort', state.profileSort, DEFAULTS.profileSort);
  put('zoom', state.zoom.join('.'), '');
  for (const expanded of state.expanded) params.append('expand', expanded);
  const pathname = state.profile ? `/profiles/${state.profile}` : '/';
  if (params.size === 0) return pathname;
  params.set('v', String(VERSION));
  return `${pathname}?${params.toString()}`;
}

function oneOf<Value extends string>(values: readonly Value[], text: string | null, fallback: Value): Value {
  return values.find((value) => value === text) ?? fallback;
}
