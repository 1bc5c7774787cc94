import { describe, expect, it } from 'vitest';

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

  it('takes a tree of 100,000 nodes in a fraction of a second', () => {
    const tree = decodeCallTree(randomBody({ seed: 5, nodes: 100_000 }), 'function');
    const beganMs = performance.now();
    orderedByName(tree);
    expect(performance.now() - beganMs).toBeLessThan(1500);
  });
});
