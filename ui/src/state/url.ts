import type { Granularity } from '../api/types.ts';
import type { ChangeSort } from '../model/diff.ts';
import type { FunctionSort } from '../model/top.ts';

/**
 * Everything the page shows follows from this, and this is in the URL: whoever opens a link sees what its sender saw.
 * (The theme is not here: it belongs to the reader, not to the link.)
 */
export interface ViewState {
  readonly page: PageName;
  /** A profile to show alone, on the pages `profile` and `embed`. */
  readonly profile: string;
  /** Where the profiles are: `opened` for a file that was dropped on the page, empty for the store. */
  readonly source: Source;
  /** A permalink: its profiles are the scope, and they are kept however old they get. */
  readonly link: string;

  /** Scope, in Datadog's search syntax. */
  readonly query: string;
  /** As the API takes it: `now-1h`, RFC 3339 or Unix milliseconds. */
  readonly from: string;
  readonly to: string;
  readonly live: boolean;

  readonly tab: Tab;
  /** Without anything around the visualization. */
  readonly full: boolean;

  /** Value type; empty for the most useful one the scope has. */
  readonly type: string;
  /** Label filters, `thread:worker-1` or `-thread:worker-1`. */
  readonly filters: readonly string[];
  /** What is done to stacks before they are merged, in order and as the API takes it: `focus:NAME\tFILE`. */
  readonly transforms: readonly string[];
  /** Only samples of this time, `FROM,TO` in milliseconds since 1970: a part of the timeline. */
  readonly window: string;
  /** Only samples of this request: a span id in decimal. */
  readonly span: string;
  readonly focusOn: FocusOn;
  /** The part of the timeline that is in view, `FROM,TO` like the window; empty for all of it. */
  readonly inView: string;
  /** The only state that the timeline shows; empty for all. */
  readonly onlyState: string;
  /** Groups of lanes that are unfolded. */
  readonly openGroups: readonly string[];
  /** The timeline as a table of lanes. */
  readonly laneTable: boolean;

  readonly granularity: Granularity;
  readonly colorBy: ColorBy;
  readonly order: SiblingOrder;
  /** The root at the bottom, as flames burn. */
  readonly upright: boolean;
  readonly normalize: Normalize;
  /** Keys of the frames from the root to the one zoomed in on. */
  readonly zoom: readonly string[];
  /** Paths whose pruned children were fetched, each joined by dots. */
  readonly expanded: readonly string[];
  readonly search: string;
  /** The function between its callers and callees, as the API takes it: name, file and module, separated by tabs. */
  readonly sandwich: string;

  /** Whether there is a table beside the flame graph, and what its rows are. */
  readonly table: boolean;
  readonly dimension: Dimension;
  readonly functionSort: FunctionSort;
  /** Text that the rows of the table must have. */
  readonly rowSearch: string;

  /** Whether there is a chart above the visualization. */
  readonly chart: boolean;
  /** What the chart shows: a measure, or `type:NAME` for the rate of a value type; and what its lines are. */
  readonly measure: string;
  readonly groupBy: Dimension;
  /** Lines on top of each other, and how many there are besides that of all others. */
  readonly stacked: boolean;
  readonly lines: number;
  /** The most rows of a list or table. */
  readonly limit: number;
  readonly profileSort: string;
  /** Measures shown as columns of profiles and groups, besides those that are always there. */
  readonly columns: readonly string[];
  /** Tags that the table of groups has a row for each combination of. */
  readonly tableBy: readonly string[];
  readonly tableSort: string;

  /** How many functions the call graph shows. */
  readonly graphNodes: number;

  /** The two sides of a comparison. */
  readonly a: Side;
  readonly b: Side;
  readonly change: ChangeMode;
  readonly changeSort: ChangeSort;
  readonly sideBySide: boolean;

  /** How much time around a profile its metrics are shown for. */
  readonly around: Around;
}

/** One side of a comparison. */
export interface Side {
  readonly query: string;
  readonly from: string;
  readonly to: string;
  readonly profile: string;
  readonly source: Source;
  readonly link: string;
  readonly filters: readonly string[];
}

/** `link` is a short address on its way to the page that it stands for. */
export type PageName = 'explorer' | 'profile' | 'compare' | 'embed' | 'link';
export type Source = '' | 'opened';
export type FocusOn = 'span' | 'children' | 'time' | 'profile';
export type ColorBy = 'package' | 'kind' | 'value';
export type SiblingOrder = 'value' | 'name';
/** Values as they are, per minute, or per call of an endpoint. */
export type Normalize = 'total' | 'minute' | 'call';
/** What rows and lines stand for: `frame:function`, `label:thread`, `tag:version`; a key alone is that of a tag. */
export type Dimension = string;
export type Around = '1h' | '6h' | '1d' | '7d';
/** Whether change is that of a share of the whole, of an amount per minute, or per call of an endpoint. */
export type ChangeMode = 'share' | 'rate' | 'call';

const EXPLORER_TABS = ['flame', 'graph', 'top', 'series', 'table', 'timeline', 'profiles'] as const;
const PROFILE_TABS = ['flame', 'graph', 'top', 'timeline', 'metrics', 'runtime', 'related'] as const;
export type ExplorerTab = (typeof EXPLORER_TABS)[number];
export type ProfileTab = (typeof PROFILE_TABS)[number];
export type Tab = ExplorerTab | ProfileTab;

export const NO_SIDE: Side = { query: '', from: '', to: '', profile: '', source: '', link: '', filters: [] };

export const DEFAULTS: ViewState = {
  page: 'explorer',
  profile: '',
  source: '',
  link: '',
  query: '',
  from: 'now-1h',
  to: 'now',
  live: false,
  tab: 'flame',
  full: false,
  type: '',
  filters: [],
  transforms: [],
  window: '',
  span: '',
  focusOn: 'children',
  inView: '',
  onlyState: '',
  openGroups: [],
  laneTable: false,
  granularity: 'function',
  colorBy: 'package',
  order: 'value',
  upright: false,
  normalize: 'total',
  zoom: [],
  expanded: [],
  search: '',
  sandwich: '',
  table: true,
  dimension: 'frame:function',
  functionSort: '-self',
  rowSearch: '',
  chart: true,
  measure: 'cpu_cores',
  groupBy: 'service',
  stacked: false,
  lines: 10,
  limit: 100,
  profileSort: '-start',
  columns: [],
  tableBy: ['service'],
  tableSort: '-cpu_cores',
  graphNodes: 40,
  a: NO_SIDE,
  b: NO_SIDE,
  change: 'share',
  changeSort: '-change',
  sideBySide: false,
  around: '1h',
};

/** Measures that every server has; those of `metrics.json` come with the profiles. */
export const MEASURES = ['cpu_cores', 'wall_cores', 'alloc_bytes_per_second', 'samples', 'profiles'] as const;

/** How many lines and rows there can be. */
export const LINES: readonly number[] = [5, 10, 20, 40];
export const ROWS: readonly number[] = [20, 100, 500, 2000];

const SOURCES: readonly Source[] = ['', 'opened'];
const FOCUS: readonly FocusOn[] = ['span', 'children', 'time', 'profile'];
const GRANULARITIES: readonly Granularity[] = ['function', 'line', 'file', 'package'];
const COLORS: readonly ColorBy[] = ['package', 'kind', 'value'];
const ORDERS: readonly SiblingOrder[] = ['value', 'name'];
const NORMALIZATIONS: readonly Normalize[] = ['total', 'minute', 'call'];
const SORT_FIELDS = ['name', 'self', 'total', 'calls', 'each'] as const;
const FUNCTION_SORTS: readonly FunctionSort[] = SORT_FIELDS.flatMap((field) => [field, `-${field}`] as const);
const AROUND: readonly Around[] = ['1h', '6h', '1d', '7d'];
/** How many functions a call graph can show: more cannot be read. */
export const GRAPH_NODES: readonly number[] = [20, 40, 80];
const CHANGES: readonly ChangeMode[] = ['share', 'rate', 'call'];
const CHANGE_FIELDS = ['name', 'a', 'b', 'change', 'real'] as const;
const CHANGE_SORTS: readonly ChangeSort[] = CHANGE_FIELDS.flatMap((field) => [field, `-${field}`] as const);

/** Written into every link. Raise it with an upgrader whenever an old link would be read differently. */
export const VERSION = 2;

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
  // What version 1 called details is the information on the runtime now.
  (params) => {
    if (params.get('tab') === 'details') params.set('tab', 'runtime');
  },
];

export function decodeUrl(pathname: string, search: string): ViewState {
  const params = new URLSearchParams(search);
  const written = Number(params.get('v') ?? '0');
  const version = Number.isInteger(written) && written >= 0 ? written : 0;
  for (let from = version; from < VERSION; from++) UPGRADERS[from]?.(params);

  const text = (name: string, fallback: string): string => params.get(name) ?? fallback;
  const someText = (name: string, fallback: string): string => params.get(name) || fallback;
  const flag = (name: string, fallback: boolean): boolean => {
    const value = params.get(name);
    return value === null ? fallback : value === '1';
  };
  const path = (name: string): string[] => text(name, '').split('.').filter(Boolean);
  const list = (name: string, fallback: readonly string[]): readonly string[] =>
    params.has(name) ? params.getAll(name).filter(Boolean) : fallback;
  const { page, profile, source, link } = decodePath(pathname);
  const tabs: readonly Tab[] = page === 'profile' ? PROFILE_TABS : EXPLORER_TABS;
  return {
    page,
    profile: profile || profileId(text('profile', '')),
    source: source || oneOf(SOURCES, params.get('source'), DEFAULTS.source),
    link: link || text('link', DEFAULTS.link),
    query: text('query', DEFAULTS.query),
    from: someText('from', DEFAULTS.from),
    to: someText('to', DEFAULTS.to),
    live: flag('live', DEFAULTS.live),
    tab: oneOf(tabs, params.get('tab'), DEFAULTS.tab),
    full: flag('full', DEFAULTS.full),
    type: text('type', DEFAULTS.type),
    filters: params.getAll('filter').filter((filter) => filter.includes(':')),
    transforms: list('transform', DEFAULTS.transforms),
    window: text('window', DEFAULTS.window),
    span: text('span', DEFAULTS.span),
    focusOn: oneOf(FOCUS, params.get('focus_on'), DEFAULTS.focusOn),
    inView: text('in_view', DEFAULTS.inView),
    onlyState: text('state', DEFAULTS.onlyState),
    openGroups: list('open', DEFAULTS.openGroups),
    laneTable: flag('lane_table', DEFAULTS.laneTable),
    granularity: oneOf(GRANULARITIES, params.get('granularity'), DEFAULTS.granularity),
    colorBy: oneOf(COLORS, params.get('color'), DEFAULTS.colorBy),
    order: oneOf(ORDERS, params.get('order'), DEFAULTS.order),
    upright: flag('upright', DEFAULTS.upright),
    normalize: oneOf(NORMALIZATIONS, params.get('per'), DEFAULTS.normalize),
    zoom: path('zoom'),
    expanded: params.getAll('expand'),
    search: text('search', DEFAULTS.search),
    sandwich: text('sandwich', DEFAULTS.sandwich),
    table: flag('table', DEFAULTS.table),
    dimension: someText('by', DEFAULTS.dimension),
    functionSort: oneOf(FUNCTION_SORTS, params.get('fsort'), DEFAULTS.functionSort),
    rowSearch: text('rows', DEFAULTS.rowSearch),
    measure: someText('measure', DEFAULTS.measure),
    chart: flag('chart', DEFAULTS.chart),
    groupBy: someText('group', DEFAULTS.groupBy),
    stacked: flag('stacked', DEFAULTS.stacked),
    lines: oneOf(LINES, Number(params.get('lines')), DEFAULTS.lines),
    limit: oneOf(ROWS, Number(params.get('limit')), DEFAULTS.limit),
    profileSort: someText('sort', DEFAULTS.profileSort),
    columns: list('column', DEFAULTS.columns),
    tableBy: list('table_by', DEFAULTS.tableBy),
    tableSort: someText('table_sort', DEFAULTS.tableSort),
    graphNodes: GRAPH_NODES.find((count) => String(count) === params.get('nodes')) ?? DEFAULTS.graphNodes,
    a: decodeSide(params, 'a.'),
    b: decodeSide(params, 'b.'),
    change: oneOf(CHANGES, params.get('change'), DEFAULTS.change),
    changeSort: oneOf(CHANGE_SORTS, params.get('csort'), DEFAULTS.changeSort),
    sideBySide: flag('sides', DEFAULTS.sideBySide),
    around: oneOf(AROUND, params.get('around'), DEFAULTS.around),
  };
}

/** Only what differs from the defaults, so that links stay short. */
export function encodeUrl(state: ViewState): string {
  const params = new URLSearchParams();
  const put = (name: string, value: string, fallback: string): void => {
    if (value !== fallback) params.set(name, value);
  };
  const putFlag = (name: string, value: boolean, fallback: boolean): void =>
    put(name, value ? '1' : '0', fallback ? '1' : '0');
  const putList = (name: string, values: readonly string[], fallback: readonly string[]): void => {
    if (values.join('\n') === fallback.join('\n')) return;
    for (const value of values.length === 0 ? [''] : values) params.append(name, value);
  };
  const isProfile = state.page === 'profile';
  if (!isProfile) put('profile', state.profile, DEFAULTS.profile);
  if (!isProfile) put('source', state.source, DEFAULTS.source);
  if (state.page !== 'link') put('link', state.link, DEFAULTS.link);
  put('query', state.query, DEFAULTS.query);
  put('from', state.from, DEFAULTS.from);
  put('to', state.to, DEFAULTS.to);
  putFlag('live', state.live, DEFAULTS.live);
  put('tab', state.tab, DEFAULTS.tab);
  putFlag('full', state.full, DEFAULTS.full);
  put('type', state.type, DEFAULTS.type);
  for (const filter of state.filters) params.append('filter', filter);
  putList('transform', state.transforms, DEFAULTS.transforms);
  put('window', state.window, DEFAULTS.window);
  put('span', state.span, DEFAULTS.span);
  put('focus_on', state.focusOn, DEFAULTS.focusOn);
  put('in_view', state.inView, DEFAULTS.inView);
  put('state', state.onlyState, DEFAULTS.onlyState);
  putList('open', state.openGroups, DEFAULTS.openGroups);
  putFlag('lane_table', state.laneTable, DEFAULTS.laneTable);
  put('granularity', state.granularity, DEFAULTS.granularity);
  put('color', state.colorBy, DEFAULTS.colorBy);
  put('order', state.order, DEFAULTS.order);
  putFlag('upright', state.upright, DEFAULTS.upright);
  put('per', state.normalize, DEFAULTS.normalize);
  put('search', state.search, DEFAULTS.search);
  put('sandwich', state.sandwich, DEFAULTS.sandwich);
  putFlag('table', state.table, DEFAULTS.table);
  put('by', state.dimension, DEFAULTS.dimension);
  put('fsort', state.functionSort, DEFAULTS.functionSort);
  put('rows', state.rowSearch, DEFAULTS.rowSearch);
  put('measure', state.measure, DEFAULTS.measure);
  putFlag('chart', state.chart, DEFAULTS.chart);
  put('group', state.groupBy, DEFAULTS.groupBy);
  putFlag('stacked', state.stacked, DEFAULTS.stacked);
  put('lines', String(state.lines), String(DEFAULTS.lines));
  put('limit', String(state.limit), String(DEFAULTS.limit));
  put('sort', state.profileSort, DEFAULTS.profileSort);
  putList('column', state.columns, DEFAULTS.columns);
  putList('table_by', state.tableBy, DEFAULTS.tableBy);
  put('table_sort', state.tableSort, DEFAULTS.tableSort);
  put('nodes', String(state.graphNodes), String(DEFAULTS.graphNodes));
  encodeSide(params, 'a.', state.a);
  encodeSide(params, 'b.', state.b);
  put('change', state.change, DEFAULTS.change);
  put('csort', state.changeSort, DEFAULTS.changeSort);
  putFlag('sides', state.sideBySide, DEFAULTS.sideBySide);
  put('around', state.around, DEFAULTS.around);
  put('zoom', state.zoom.join('.'), '');
  for (const expanded of state.expanded) params.append('expand', expanded);
  const pathname = encodePath(state);
  if (params.size === 0) return pathname;
  params.set('v', String(VERSION));
  return `${pathname}?${params.toString()}`;
}

function decodePath(pathname: string): Pick<ViewState, 'page' | 'profile' | 'source' | 'link'> {
  const nothing = { profile: '', source: '', link: '' } as const;
  const [, folder, id] = /^\/(profiles|opened)\/([0-9a-f]{1,16})\/?$/.exec(pathname) ?? [];
  if (folder && id) {
    return { ...nothing, page: 'profile', profile: id, source: folder === 'opened' ? 'opened' : '' };
  }
  const link = /^\/l\/([\w-]{1,64})\/?$/.exec(pathname)?.[1];
  if (link) return { ...nothing, page: 'link', link };
  const page = /^\/(compare|embed)\/?$/.exec(pathname)?.[1];
  return { ...nothing, page: oneOf(['compare', 'embed'] as const, page ?? null, undefined) ?? 'explorer' };
}

function encodePath({ page, profile, source, link }: ViewState): string {
  if (page === 'explorer') return '/';
  if (page === 'profile') return `/${source === 'opened' ? 'opened' : 'profiles'}/${profile}`;
  if (page === 'link') return `/l/${link}`;
  return `/${page}`;
}

function decodeSide(params: URLSearchParams, prefix: string): Side {
  const text = (name: string): string => params.get(prefix + name) ?? '';
  return {
    query: text('query'),
    from: text('from'),
    to: text('to'),
    profile: profileId(text('profile')),
    source: oneOf(SOURCES, params.get(`${prefix}source`), ''),
    link: text('link'),
    filters: params.getAll(`${prefix}filter`).filter((filter) => filter.includes(':')),
  };
}

function encodeSide(params: URLSearchParams, prefix: string, side: Side): void {
  for (const name of ['query', 'from', 'to', 'profile', 'source', 'link'] as const) {
    if (side[name] !== '') params.set(prefix + name, side[name]);
  }
  for (const filter of side.filters) params.append(`${prefix}filter`, filter);
}

function profileId(text: string): string {
  return /^[0-9a-f]{1,16}$/.test(text) ? text : '';
}

function oneOf<Value, Fallback>(
  values: readonly Value[],
  text: string | number | null,
  fallback: Fallback,
): Value | Fallback {
  return values.find((value) => value === text) ?? fallback;
}
