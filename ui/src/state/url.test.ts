import { describe, expect, it } from 'vitest';

import { decodeUrl, DEFAULTS, encodeUrl, UPGRADERS, VERSION, type ViewState } from './url.ts';

function decode(href: string): ViewState {
  const url = new URL(href, 'http://vesta.test');
  return decodeUrl(url.pathname, url.search);
}

const FULL: ViewState = {
  page: 'profile',
  profile: '0123456789abcdef',
  source: 'opened',
  link: '7Jk2mQx9aB',
  query: 'service:(web OR "odd name") -env:dev & 100% #1 + ?',
  from: '2026-11-20T10:00:00Z',
  to: '1795172400000',
  live: true,
  tab: 'top',
  full: true,
  type: 'alloc-space',
  filters: ['thread:worker 1', '-endpoint:GET /users?a=b&c'],
  transforms: ['focus:handle\tapp.py', 'my-code', 'exclude:\t\t\t\tdjango'],
  window: '1795172400000.125,1795172400250',
  span: '9223372036854775809',
  focusOn: 'span',
  inView: '1795172400000,1795172401000.5',
  onlyState: 'lock',
  openGroups: ['thread:worker', 'async:fs'],
  laneTable: true,
  granularity: 'line',
  colorBy: 'kind',
  order: 'name',
  upright: true,
  normalize: 'minute',
  zoom: ['a1', 'zz9', '0'],
  expanded: ['a1.zz9', 'b2'],
  search: '/json|orm/',
  sandwich: 'encode\tjson.py\tjson',
  table: false,
  dimension: 'label:thread',
  functionSort: '-each',
  rowSearch: 'worker, 1',
  chart: false,
  measure: 'alloc_bytes_per_second',
  groupBy: 'kube_namespace',
  stacked: true,
  lines: 20,
  limit: 500,
  profileSort: '-cpu_cores',
  columns: ['metrics.go_num_goroutine'],
  tableBy: ['service', 'version'],
  tableSort: '-samples',
  a: { query: 'version:1', from: 'now-2h', to: 'now-1h', profile: '', source: '', link: '', filters: [] },
  b: {
    query: '',
    from: '',
    to: '',
    profile: 'fedcba9876543210',
    source: 'opened',
    link: 'x',
    filters: ['thread:main'],
  },
  graphNodes: 80,
  change: 'rate',
  changeSort: 'name',
  sideBySide: true,
  around: '1d',
};

describe('address of a view', () => {
  it('gives back every field', () => {
    expect(decode(encodeUrl(FULL))).toEqual(FULL);
  });

  it('gives back each field alone', () => {
    for (const key of Object.keys(FULL) as (keyof ViewState)[]) {
      // A profile has a page of its own, and what is opened is shown there.
      const page = { page: key === 'page' ? 'compare' : key === 'profile' ? 'profile' : DEFAULTS.page };
      const state = { ...DEFAULTS, ...page, ...(key === 'page' ? {} : { [key]: FULL[key] }) } as ViewState;
      expect(decode(encodeUrl(state)), key).toEqual(state);
    }
  });

  it('is bare where everything is as by default', () => {
    expect(encodeUrl(DEFAULTS)).toBe('/');
    expect(decode('/')).toEqual(DEFAULTS);
    expect(encodeUrl({ ...DEFAULTS, page: 'profile', profile: 'ff' })).toBe('/profiles/ff');
  });

  it('carries its version when it says anything', () => {
    expect(encodeUrl({ ...DEFAULTS, tab: 'top' })).toContain(`v=${VERSION}`);
  });

  it('has an upgrader for each version before this one', () => {
    expect(UPGRADERS).toHaveLength(VERSION);
  });

  it('reads links written by hand, which have no version', () => {
    const state = decode('/?q=service:web&last=4h');
    expect(state.query).toBe('service:web');
    expect(state.from).toBe('now-4h');
    expect(decode('/?query=env:prod&from=now-1d').query).toBe('env:prod');
  });

  it('falls back to the default for what it does not know', () => {
    const state = decode('/?v=2&tab=hologram&granularity=atom&fsort=y&from=&filter=nocolon');
    expect(state).toEqual(DEFAULTS);
    expect(decode('/profiles/not-an-id').profile).toBe('');
    expect(decode('/?v=-3&tab=top').tab).toBe('top');
    expect(decode('/?v=2&tab=runtime').tab).toBe('flame');
    expect(decode('/profiles/ff?v=2&tab=series').tab).toBe('flame');
  });

  it('reads what version 1 called details', () => {
    expect(decode('/profiles/ff?v=1&tab=details').tab).toBe('runtime');
  });

  it('names the pages', () => {
    expect(encodeUrl({ ...DEFAULTS, page: 'compare' })).toBe('/compare');
    expect(encodeUrl({ ...DEFAULTS, page: 'profile', profile: 'ff', source: 'opened' })).toBe('/opened/ff');
    expect(decode('/embed?profile=ff')).toMatchObject({ page: 'embed', profile: 'ff' });
    expect(decode('/l/7Jk2mQx9aB')).toEqual({ ...DEFAULTS, page: 'link', link: '7Jk2mQx9aB' });
    expect(encodeUrl({ ...DEFAULTS, page: 'link', link: '7Jk2mQx9aB' })).toBe('/l/7Jk2mQx9aB');
    expect(decode('/nowhere').page).toBe('explorer');
  });
});
