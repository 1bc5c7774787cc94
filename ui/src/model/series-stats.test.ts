import { describe, expect, it } from 'vitest';

import { lineStyle, seriesStats, stacked } from './series-stats.ts';

describe('lines of a chart', () => {
  it.each([
    [[1, 2, 6], { last: 6, mean: 3, max: 6 }],
    [[5, null, 1, null], { last: 1, mean: 3, max: 5 }],
    [[-4, -2], { last: -2, mean: -3, max: -2 }],
    [[null], { last: null, mean: null, max: null }],
  ])('come to: %j', (values, expected) => {
    expect(seriesStats(values)).toEqual(expected);
  });

  it('lie on top of each other, with gaps only where none says anything', () => {
    expect(
      stacked([
        [1, null, 3, null],
        [10, 20, null, null],
      ]),
    ).toEqual([
      [1, 0, 3, null],
      [11, 20, 3, null],
    ]);
  });

  it('are told apart by color and then by dashes', () => {
    const styles = Array.from({ length: 40 }, (_, index) => JSON.stringify(lineStyle(index)));
    expect(new Set(styles).size).toBe(40);
  });
});
