import { expect, it } from 'vitest';

import { dotPath, filledRange, median, nearest, plotBox, xOf, yOf } from './dot-plot.ts';

const SIZE = { width: 108, height: 58 };
const RANGE = { fromMs: 1000, toMs: 2000 };

it('begins at zero, or below it where values are', () => {
  const dots = [
    { timeMs: 1000, value: 2 },
    { timeMs: 2000, value: 10 },
  ];
  const box = plotBox(dots, SIZE, RANGE);
  expect([xOf(box, 1000), xOf(box, 2000)]).toEqual([4, 104]);
  expect([yOf(box, 0), yOf(box, 10), yOf(box, 2)]).toEqual([54, 4, 44]);
  expect(dotPath(box, dots)).toBe('M4.0 44.0h0M104.0 4.0h0');
  expect(plotBox([{ timeMs: 1000, value: -5 }], SIZE, RANGE)).toMatchObject({ least: -5, most: 0 });
  expect(yOf(plotBox([], SIZE, RANGE), 0)).toBe(54);
});

it('finds the dot that somebody points at, and none when nothing is near', () => {
  const dots = [
    { timeMs: 1100, value: 1, id: 'a' },
    { timeMs: 1200, value: 1, id: 'b' },
  ];
  const box = plotBox(dots, SIZE, RANGE);
  expect(nearest(box, dots, xOf(box, 1190), 10)?.id).toBe('b');
  expect(nearest(box, dots, 104, 50)).toBeUndefined();
});

it('has a median', () => {
  expect(median([])).toBeUndefined();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

it('shows the part of the range that there are profiles in', () => {
  const periods = [
    { startMs: 900, endMs: 1100 },
    { startMs: 1200, endMs: 1300 },
  ];
  expect(filledRange(periods, RANGE)).toEqual({ fromMs: 1000, toMs: 1300 });
  expect(filledRange([], RANGE)).toEqual(RANGE);
});
