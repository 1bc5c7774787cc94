import { describe, expect, it } from 'vitest';

import {
  describeRange,
  periodOf,
  relativeParts,
  relativeRange,
  shiftedRange,
  widerRange,
} from './time-range.ts';

const NOW = Date.UTC(2026, 10, 20, 14, 30);
const iso = (minutesAgo: number): string => new Date(NOW - minutesAgo * 60_000).toISOString();

describe('time ranges', () => {
  it.each([
    [{ from: 'now-1h', to: 'now' }, 60, 0],
    [{ from: 'now-2d', to: 'now-1d' }, 2880, 1440],
    [{ from: iso(30), to: 'now' }, 30, 0],
    [{ from: String(NOW - 60_000), to: String(NOW) }, 1, 0],
  ])('%j is from %i to %i minutes ago', (range, from, to) => {
    expect(periodOf(range, NOW)).toEqual({ fromMs: NOW - from * 60_000, toMs: NOW - to * 60_000 });
  });

  it('that end before they begin, or that the server alone reads, come to nothing here', () => {
    expect(periodOf({ from: 'now', to: 'now-1h' }, NOW)).toBeUndefined();
    expect(periodOf({ from: 'yesterday', to: 'now' }, NOW)).toBeUndefined();
  });

  it.each([
    [{ from: 'now-1h', to: 'now' }, -1, { from: iso(90), to: iso(30) }],
    [{ from: 'now-1h', to: 'now' }, 1, undefined],
    [{ from: iso(180), to: iso(120) }, 1, { from: iso(150), to: iso(90) }],
    // Reaching now, they stay there.
    [{ from: iso(90), to: iso(30) }, 1, { from: 'now-1h', to: 'now' }],
    [{ from: iso(50), to: iso(5) }, 1, { from: 'now-45m', to: 'now' }],
  ] as const)('%j moves by half its length, %i', (range, direction, expected) => {
    expect(shiftedRange(range, NOW, direction)).toEqual(expected);
  });

  it.each([
    [
      { from: 'now-1h', to: 'now' },
      { from: 'now-2h', to: 'now' },
    ],
    [
      { from: iso(180), to: iso(120) },
      { from: iso(210), to: iso(90) },
    ],
    [
      { from: iso(70), to: iso(10) },
      { from: iso(120), to: iso(0) },
    ],
    [
      { from: iso(30), to: 'now' },
      { from: 'now-1h', to: 'now' },
    ],
  ])('%j gets wider', (range, expected) => {
    expect(widerRange(range, NOW)).toEqual(expected);
  });

  it('are typed as an amount and a unit', () => {
    expect(relativeRange(90, 'm')).toEqual({ from: 'now-90m', to: 'now' });
    expect(relativeRange(0, 'm')).toBeUndefined();
    expect(relativeRange(1.5, 'h')).toBeUndefined();
    expect(relativeParts({ from: 'now-90m', to: 'now' })).toEqual({ amount: 90, unit: 'm' });
    expect(relativeParts({ from: 'now-2h', to: 'now-1h' })).toBeUndefined();
  });

  it('are called what they are', () => {
    expect(describeRange({ from: 'now-1h', to: 'now' }, NOW)).toBe('Past hour');
    expect(describeRange({ from: 'now-90m', to: 'now' }, NOW)).toBe('Past 90 minutes');
  });
});
