import { describe, expect, it } from 'vitest';

import { DEFAULTS, NO_SIDE, type ViewState } from '../state/url.ts';
import {
  chartRange,
  compareWith,
  earlier,
  isUnset,
  resolveMs,
  sidesOf,
  swapped,
  withSide,
} from './compare-scopes.ts';

const NOW = Date.UTC(2026, 10, 20, 14, 30);
const explorer: ViewState = {
  ...DEFAULTS,
  query: 'service:web version:2',
  type: 'cpu-time',
  filters: ['thread:a'],
};

describe('what to compare with', () => {
  it('takes the period before, which stays relative', () => {
    const { a, b, page } = compareWith(explorer, { kind: 'earlier', by: 'previous' }, NOW);
    expect(page).toBe('compare');
    expect(a).toMatchObject({ query: 'service:web version:2', from: 'now-2h', to: 'now-1h' });
    expect(b).toMatchObject({ query: 'service:web version:2', from: 'now-1h', to: 'now' });
  });

  it.each([
    ['previous', { from: 'now-30m', to: 'now' }, { from: 'now-1h', to: 'now-30m' }],
    ['previous', { from: 'now-90s', to: 'now' }, { from: 'now-3m', to: 'now-90s' }],
    ['day', { from: 'now-1h', to: 'now' }, { from: 'now-25h', to: 'now-1d' }],
    ['week', { from: 'now-1d', to: 'now' }, { from: 'now-8d', to: 'now-7d' }],
    [
      'previous',
      { from: '2026-11-20T12:00:00.000Z', to: '2026-11-20T13:00:00.000Z' },
      { from: '2026-11-20T11:00:00.000Z', to: '2026-11-20T12:00:00.000Z' },
    ],
    [
      'previous',
      { from: '2026-11-20T14:00:00.000Z', to: 'now' },
      { from: '2026-11-20T13:30:00.000Z', to: 'now-30m' },
    ],
  ] as const)('knows the %s range of %o', (by, range, expected) => {
    expect(earlier(range, by, NOW)).toEqual(expected);
  });

  it('takes another value of the tag that the search is about', () => {
    const { a, b } = compareWith(explorer, { kind: 'value', key: 'version', value: '1' }, NOW);
    expect(a?.query).toBe('service:web version:1');
    expect(b?.query).toBe('service:web version:2');
  });

  it('leaves a chosen time and request behind where the baseline is of another time', () => {
    const focused: ViewState = { ...explorer, window: '1,2', span: '42', focusOn: 'time' };
    const before = compareWith(focused, { kind: 'earlier', by: 'day' }, NOW);
    expect(before).toMatchObject({ window: '', span: '', focusOn: 'children' });
    const others = compareWith(focused, { kind: 'value', key: 'host', value: 'h-1' }, NOW);
    expect({ ...focused, ...others }).toMatchObject({ window: '1,2', span: '42', focusOn: 'time' });
  });

  it('sets one value against all others where the search has none', () => {
    const { a, b } = compareWith(explorer, { kind: 'value', key: 'host', value: 'h-1' }, NOW);
    expect(a?.query).toBe('service:web version:2 -host:h-1');
    expect(b?.query).toBe('service:web version:2 host:h-1');
  });

  it('sets a profile against its service at the time, and against another profile', () => {
    const state: ViewState = { ...DEFAULTS, page: 'profile', profile: 'ab12' };
    const startMs = Date.UTC(2026, 10, 20, 12);
    const service = {
      kind: 'service',
      service: 'my shop',
      env: '',
      startMs,
      endMs: startMs + 60_000,
    } as const;
    const { a, b, profile } = compareWith(state, service, NOW);
    expect(profile).toBe('');
    expect(a).toEqual({
      ...NO_SIDE,
      query: 'service:"my shop"',
      from: '2026-11-20T11:30:00.000Z',
      to: '2026-11-20T12:31:00.000Z',
    });
    expect(b).toEqual({ ...NO_SIDE, profile: 'ab12' });
    const other = compareWith(state, { kind: 'profile', baseline: 'cd34' }, NOW);
    expect([other.a?.profile, other.b?.profile]).toEqual(['cd34', 'ab12']);
  });
});

describe('sides', () => {
  it('are the last hour and the one before when the address says nothing', () => {
    const { a, b } = sidesOf({ ...DEFAULTS, page: 'compare' }, NOW);
    expect(a).toMatchObject({ from: 'now-2h', to: 'now-1h' });
    expect(b).toMatchObject({ from: 'now-1h', to: 'now' });
    expect(isUnset(NO_SIDE)).toBe(true);
  });

  it('keep what is chosen for one of them, and swap', () => {
    const state: ViewState = { ...DEFAULTS, page: 'compare', zoom: ['x'] };
    const chosen = withSide(state, 'a', { query: 'service:web' }, NOW);
    expect(chosen).toMatchObject({
      a: { query: 'service:web', from: 'now-2h' },
      b: { from: 'now-1h' },
      zoom: [],
    });
    const turned = swapped({ ...state, ...chosen }, NOW);
    expect([turned.a, turned.b]).toEqual([chosen.b, chosen.a]);
  });

  it('are both on the chart, with what is around them but not the future', () => {
    const range = chartRange(
      [
        { fromMs: NOW - 7_200_000, toMs: NOW - 3_600_000 },
        { fromMs: NOW - 3_600_000, toMs: NOW },
      ],
      NOW,
    );
    expect(range).toEqual({ fromMs: NOW - 9_000_000, toMs: NOW });
    expect(resolveMs('now-1d', NOW)).toBe(NOW - 86_400_000);
  });
});
