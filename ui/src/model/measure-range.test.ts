import { describe, expect, it } from 'vitest';

import { measureRange, quantile, queryNumber, withMeasureRange, withoutMeasures } from './measure-range.ts';

describe('ranges of measures', () => {
  it.each([
    ['', null, null],
    ['@cpu_cores:[1 TO 2.5]', 1, 2.5],
    ['@cpu_cores:{0.5 TO *}', 0.5, null],
    ['@cpu_cores:>1', 1, null],
    ['@cpu_cores:<=2', null, 2],
    ['@cpu_cores:3', 3, 3],
    ['@cpu_cores:>=1 @cpu_cores:<2', 1, 2],
    ['@CPU_cores:>500ms', 0.5, null],
    ['@wall_cores:>1', null, null],
    ['-@cpu_cores:>1', null, null],
    ['@cpu_cores:(1 OR 2)', null, null],
  ])('are read from %s', (query, from, to) => {
    expect(measureRange(query, 'cpu_cores')).toEqual({ from, to });
  });

  it.each([
    ['', { from: 1, to: 2 }, '@cpu_cores:[1 TO 2]'],
    ['env:prod @cpu_cores:>1', { from: 1.23456, to: null }, 'env:prod @cpu_cores:[1.23 TO *]'],
    ['env:prod @cpu_cores:>1', { from: null, to: null }, 'env:prod'],
    ['a OR b', { from: null, to: 2 }, '(a OR b) @cpu_cores:[* TO 2]'],
  ])('are written into %s', (query, range, expected) => {
    expect(withMeasureRange(query, 'cpu_cores', range)).toBe(expected);
  });

  it('are left out of what the sliders show the values of', () => {
    expect(withoutMeasures('env:prod @cpu_cores:[1 TO 2] @metrics.go_num_goroutine:>10 word')).toBe(
      'env:prod word',
    );
  });

  it('are written with no more digits than can be read', () => {
    expect([0.000_123_456, 1_234_567, 42, 0].map(queryNumber)).toEqual(['0.000123', '1230000', '42', '0']);
  });
});

describe('quantiles of a histogram', () => {
  it.each([
    [0, 0],
    [0.5, 5],
    [0.9, 9],
    [1, 10],
  ])('%d of an even one is at %d', (share, expected) => {
    expect(quantile({ from: 0, to: 10, counts: Array.from({ length: 10 }, () => 7) }, share)).toBeCloseTo(
      expected,
    );
  });

  it('skip what is empty', () => {
    expect(quantile({ from: 0, to: 4, counts: [0, 0, 2, 0] }, 0.5)).toBeCloseTo(2.5);
    expect(quantile({ from: 0, to: 4, counts: [0, 0] }, 0.5)).toBe(4);
  });
});
