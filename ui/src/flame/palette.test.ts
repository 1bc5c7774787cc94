import { describe, expect, it } from 'vitest';

import { at, decodeCallTree } from '../model/call-tree.ts';
import { randomBody } from '../model/random-tree.testing.ts';
import { legendOf } from './legend.ts';
import { colorize, FIRST_HEAT, FIRST_KIND, HEAT_STEPS, packageColor } from './palette.ts';

const tree = decodeCallTree(randomBody({ seed: 11, nodes: 800 }), 'function');

describe('colors', () => {
  it('by kind are the codes of the API, by value steps of what a frame spends itself', () => {
    const kinds = colorize(tree, 'kind');
    const values = colorize(tree, 'value');
    const whole = at(tree.totals, 0);
    for (let node = 1; node < tree.size; node++) {
      expect(kinds[node]).toBe(FIRST_KIND + (tree.table.kinds[at(tree.functions, node)] ?? 6));
      const step = (values[node] ?? 0) - FIRST_HEAT;
      expect(at(tree.selfs, node) / whole).toBeGreaterThanOrEqual(HEAT_STEPS[step] ?? Number.NaN);
      expect(at(tree.selfs, node) / whole).toBeLessThan(HEAT_STEPS[step + 1] ?? 2);
    }
  });

  it('of a package are shades of the hue that the legend shows', () => {
    const colors = colorize(tree, 'package');
    for (let node = 1; node < tree.size; node++) {
      const middle = packageColor(tree.table.packages[at(tree.functions, node)] ?? '');
      expect(Math.abs((colors[node] ?? 0) - middle)).toBeLessThanOrEqual(1);
    }
  });

  it.each(['package', 'kind'] as const)('by %s have a legend whose values add up', (by) => {
    const items = legendOf(tree, by);
    const sum = items.reduce((total, { self }) => total + (self ?? 0), 0);
    expect(sum).toBe(at(tree.totals, 0) - at(tree.selfs, 0));
    const selfs = items.map(({ self }) => self ?? 0);
    expect(selfs).toEqual(selfs.toSorted((left, right) => right - left));
  });

  it('by value have a scale', () => {
    expect(legendOf(tree, 'value').map(({ label }) => label)).toEqual([
      'none',
      '>0',
      '0.1%',
      '0.3%',
      '1%',
      '3%',
      '10%',
      '30%',
    ]);
  });
});
