import { describe, expect, it } from 'vitest';

import type { FlameGraphBody } from '../api/types.ts';
import { at, childrenOf, decodeCallTree, nodeName, OTHER, pathKeys, resolvePath } from './call-tree.ts';
import { orderedByName } from './order.ts';
import { random, randomBody } from './random-tree.testing.ts';

describe('order by name', () => {
  it.each([1, 2, 3])('keeps every node, its values and its path (seed %i)', (seed) => {
    const tree = decodeCallTree(randomBody({ seed, nodes: 2000 }), 'function');
    const ordered = orderedByName(tree);
    expect(ordered.size).toBe(tree.size);
    const next = random(seed);
    for (let round = 0; round < 50; round++) {
      const node = Math.floor(next() * tree.size);
      const path = pathKeys(tree, node);
      const same = resolvePath(ordered, path);
      expect(pathKeys(ordered, same)).toEqual(path);
      expect(at(ordered.totals, same)).toBe(at(tree.totals, node));
      expect(at(ordered.selfs, same)).toBe(at(tree.selfs, node));
    }
  });

  it('sorts siblings by name as people do, with what was pruned at the end', () => {
    const body = randomBody({ seed: 1, nodes: 2 });
    body.nodes = {
      parent: [-1, 0, 0, 0, 0],
      function: [-1, OTHER, 10, 2, 1],
      self: [0, 4, 3, 2, 1],
      total: [10, 4, 3, 2, 1],
    };
    const ordered = orderedByName(decodeCallTree(body, 'function'));
    expect(childrenOf(ordered, 0).map((node) => nodeName(ordered, node))).toEqual([
      'function_1',
      'function_2',
      'function_10',
      '(other)',
    ]);
  });

  it('orders a tree that is deeper than any stack', () => {
    const deep = decodeCallTree(chain(100_000), 'function');
    expect(orderedByName(deep).rows).toHaveLength(100_000);
  });
});

/** One function that calls itself. */
function chain(length: number): FlameGraphBody {
  const body = randomBody({ seed: 5, nodes: 2 });
  const parent = Array.from({ length }, (_, node) => node - 1);
  const whole = parent.map(() => 1);
  const functions = parent.map((before) => (before < 0 ? -1 : 0));
  const self = parent.map((_, node) => (node === length - 1 ? 1 : 0));
  return { ...body, nodes: { parent, function: functions, self, total: whole } };
}
