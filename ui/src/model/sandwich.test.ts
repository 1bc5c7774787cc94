import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { SandwichBody } from '../api/sandwich.ts';
import { at, nodeName, OTHER } from './call-tree.ts';
import { decodeSandwich, zoomOfSide, zoomOn } from './sandwich.ts';

const golden = JSON.parse(
  readFileSync(new URL('../golden/sandwich.json', import.meta.url), 'utf8'),
) as SandwichBody;

describe('sandwich', () => {
  const sides = decodeSandwich(golden, 'function');

  it.each(['callers', 'callees'] as const)('%s begin with the function and its total', (side) => {
    const tree = sides[side];
    expect(nodeName(tree, 0)).toBe(golden.function.name);
    expect(at(tree.totals, 0)).toBe(golden.function.total);
    expect(tree.size).toBeGreaterThan(1);
  });

  it('callers turned over end where stacks begin', () => {
    const { callers } = sides;
    const roots = Array.from({ length: callers.size }, (_, node) => node).filter(
      (node) => at(callers.selfs, node) > 0 && at(callers.functions, node) !== OTHER,
    );
    const sum = roots.reduce((total, node) => total + at(callers.selfs, node), 0);
    expect(sum).toBe(golden.function.total);
  });

  it('keeps the zoom of one side at a time', () => {
    expect(zoomOn('callers', ['a', 'b'])).toEqual(['callers', 'a', 'b']);
    expect(zoomOn('callees', [])).toEqual([]);
    expect(zoomOfSide(['callers', 'a'], 'callers')).toEqual(['a']);
    expect(zoomOfSide(['callers', 'a'], 'callees')).toEqual([]);
  });
});
