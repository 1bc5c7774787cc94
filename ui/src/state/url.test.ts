import { describe, expect, it } from 'vitest';

import { decodeUrl, DEFAULTS, encodeUrl, UPGRADERS, VERSION, type ViewState } from './url.ts';

function decode(href: string): ViewState {
  const url = new URL(href, 'http://vesta.test');
  return decodeUrl(url.pathname, url.search);
}

const FULL: ViewState = {
  profile: '0123456789abcdef',
  query: 'service:(web OR "odd name") -env:dev & 100% #1 + ?',
  from: '2026-11-20T10:00:00Z',
  to: '1795172400000',
  live: true,
  type: 'alloc-space',
  tab: 'top',
  granularity: 'line',
  filters: ['thread:worker 1', '-endpoint:GET /users?a=b&c'],
  zoom: ['a1', 'zz9', '0'],
  expanded: ['a1.zz9', 'b2'],
  search: '/json|orm/',
  table: false,
  functionSort: '-total',
  measure: 'alloc_bytes_per_second',
  groupBy: 'kube_namespace',
  profileSort: '-cpu_cores',
};

describe('address of a view', () => {
  it('gives back every field', () => {
    expect(decode(encodeUrl(FULL))).toEqual(FULL);
  });

  it('gives back each field alone', () => {
    for (const key of Object.keys(FULL) as (keyof ViewState)[]) {
      const state = { ...DEFAULTS, [key]: FULL[key] } as ViewState;
      expect(decode(encodeUrl(state)), key).toEqual(state);
    }
  });

  it('is bare where everything is as by default', () => {
    expect(encodeUrl(DEFAULTS)).toBe('/');
    expect(decode('/')).toEqual(DEFAULTS);
    expect(encodeUrl({ ...DEFAULTS, profile: 'ff' })).toBe('/profiles/ff');
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
    const state = decode('/?v=1&tab=hologram&granularity=atom&measure=x&fsort=y&from=&filter=nocolon');
    expect(state).toEqual(DEFAULTS);
    expect(decode('/profiles/not-an-id').profile).toBe('');
    expect(decode('/?v=-3&tab=top').tab).toBe('top');
  });
});
