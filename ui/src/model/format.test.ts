import { describe, expect, it } from 'vitest';

import { formatAgo, formatCompact, formatShare, formatValue, middleEllipsis } from './format.ts';

it('counts in full as long as somebody may compare digits', () => {
  expect(formatValue(99_999_999, 'count')).toBe('99,999,999');
  expect(formatValue(1_565_930_544, 'count')).toBe('1.57G');
});

describe('numbers', () => {
  it.each([
    [0, 'nanoseconds', '0 s'],
    [999, 'nanoseconds', '999 ns'],
    [1_234_567, 'nanoseconds', '1.23 ms'],
    [999_999_999, 'nanoseconds', '1.00 s'],
    [45_600_000_000, 'nanoseconds', '45.6 s'],
    [754e9, 'nanoseconds', '12 min 34 s'],
    [3600e9 * 5, 'nanoseconds', '5 h 00 min'],
    [3600e9 * 60, 'nanoseconds', '2 d 12 h'],
    [0, 'bytes', '0 B'],
    [1023, 'bytes', '1,023 B'],
    [1536, 'bytes', '1.50 KiB'],
    [5 * 1024 ** 3, 'bytes', '5.00 GiB'],
    [1024 * 300, 'bytes/s', '300 KiB/s'],
    [12_345, 'count', '12,345'],
    [1.5, 'cores', '1.50 cores'],
    [0.0123, 'cores', '0.012 cores'],
  ])('%d %s → %s', (value, unit, expected) => {
    expect(formatValue(value, unit)).toBe(expected);
  });

  it.each([
    [999, '999'],
    [1000, '1.00k'],
    [12_345, '12.3k'],
    [9_999_999, '10.0M'],
  ])('%d → %s', (value, expected) => {
    expect(formatCompact(value)).toBe(expected);
  });

  it.each([
    [1, 2, '50.0%'],
    [1, 1, '100%'],
    [1, 1000, '0.10%'],
    [1, 1e6, '<0.01%'],
    [0, 5, '0%'],
    [0, 0, '–'],
  ])('%d of %d → %s', (part, whole, expected) => {
    expect(formatShare(part, whole)).toBe(expected);
  });

  it('tells how long ago', () => {
    expect(formatAgo(0, 5_000)).toBe('just now');
    expect(formatAgo(0, 90_000)).toBe('90 s ago');
    expect(formatAgo(0, 3 * 3600_000)).toBe('3 h ago');
  });
});

describe('long names', () => {
  it('keep both ends, and fit', () => {
    const name = 'org.springframework.web.servlet.DispatcherServlet.doDispatch';
    for (let length = 0; length <= name.length + 1; length++) {
      const shown = middleEllipsis(name, length);
      expect(shown.length).toBeLessThanOrEqual(Math.max(length, 0));
      if (length >= 10 && length < name.length) {
        expect(name.startsWith(shown.split('…')[0] ?? 'x')).toBe(true);
        expect(name.endsWith(shown.split('…')[1] ?? 'x')).toBe(true);
      }
    }
    expect(middleEllipsis(name, 1000)).toBe(name);
  });
});
