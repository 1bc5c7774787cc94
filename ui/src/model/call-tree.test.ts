import { describe, expect, it } from 'vitest';

import { randomBody } from './random-tree.testing.ts';
import {
  ancestry,
  at,
  childrenOf,
  decodeCallTree,
  graft,
  graftAll,
  nodeName,
  OTHER,
  pathKeys,
  resolvePath,
  type CallTree,
} from './call-tree.ts';

function everyNode(tree: CallTree, check: (node: number) => void): void {
  for (let node = 0; node < tree.size; node++) check(node);
}

/** What must hold for any tree the page shows. */
function checkLayout(tree: CallTree): void {
  everyNode(tree, (node) => {
    const end = at(tree.starts, node) + at(tree.totals, node);
    let sum = at(tree.selfs, node);
    let previousEnd = at(tree.starts, node);
    for (const child of childrenOf(tree, node)) {
      expect(at(tree.parents, child)).toBe(node);
      expect(at(tree.depths, child)).toBe(at(tree.depths, node) + 1);
      expect(at(tree.starts, child)).toBe(previousEnd);
      previousEnd = at(tree.starts, child) + at(tree.totals, child);
      expect(previousEnd).toBeLessThanOrEqual(end);
      sum += at(tree.totals, child);
    }
    expect(sum).toBe(at(tree.totals, node));
  });
  expect(tree.rows.reduce((count, row) => count + row.length, 0)).toBe(tree.size);
  for (const row of tree.rows) {
    for (let index = 1; index < row.length; index++) {
      expect(at(tree.starts, at(row, index))).toBeGreaterThanOrEqual(at(tree.starts, at(row, index - 1)));
    }
  }
}

describe('call tree', () => {
  it.each([1, 2, 3, 4, 5])('lays children inside their parents, next to each other (seed %i)', (seed) => {
    checkLayout(decodeCallTree(randomBody({ seed, nodes: 400 }), 'function'));
  });

  it('finds every node again by its path', () => {
    const tree = decodeCallTree(randomBody({ seed: 7, nodes: 300 }), 'function');
    everyNode(tree, (node) => {
      expect(resolvePath(tree, pathKeys(tree, node))).toBe(node);
    });
  });

  it('resolves a path that is no longer there to the deepest frame that is', () => {
    const tree = decodeCallTree(randomBody({ seed: 7, nodes: 50 }), 'function');
    const deepest = at(tree.rows.at(-1) ?? new Int32Array(1), 0);
    expect(resolvePath(tree, [...pathKeys(tree, deepest), 'gone', 'gone too'])).toBe(deepest);
    expect(resolvePath(tree, ['gone'])).toBe(0);
  });

  it('keeps a path when only a line moved, unless lines are shown', () => {
    const body = randomBody({ seed: 3, nodes: 20 });
    const moved = {
      ...body,
      functions: { ...body.functions, line: body.functions.line.map((line) => line + 1) },
    };
    const last = body.nodes.parent.length - 1;
    const path = pathKeys(decodeCallTree(body, 'function'), last);
    expect(pathKeys(decodeCallTree(moved, 'function'), last)).toEqual(path);
    expect(pathKeys(decodeCallTree(moved, 'line'), last)).not.toEqual(
      pathKeys(decodeCallTree(body, 'line'), last),
    );
  });

  it('survives a stack of 50,000 frames', () => {
    const size = 50_000;
    const tree = decodeCallTree(
      {
        ...randomBody({ seed: 1, nodes: 2 }),
        nodes: {
          parent: Array.from({ length: size }, (_, node) => node - 1),
          function: Array.from({ length: size }, (_, node) => (node === 0 ? -1 : 0)),
          self: Array.from({ length: size }, (_, node) => (node === size - 1 ? 5 : 0)),
          total: Array.from({ length: size }, () => 5),
        },
      },
      'function',
    );
    expect(tree.rows).toHaveLength(size);
    expect(ancestry(tree, size - 1)).toHaveLength(size - 1);
  });

  it('puts fetched detail in the place of a pruned subtree and moves nothing else', () => {
    const full = decodeCallTree(randomBody({ seed: 11, nodes: 300 }), 'function');
    const node = childrenOf(full, 0)[1] ?? 1;
    const pruned = prune(full, node);
    const detail = subtree(full, node);
    const again = graft(pruned, node, detail);
    checkLayout(again);
    expect(again.size).toBe(full.size);
    expect(Array.from(again.totals)).toEqual(Array.from(full.totals));
    everyNode(full, (each) => expect(nodeName(again, each)).toBe(nodeName(full, each)));
  });

  it('leaves out detail whose total disagrees', () => {
    const full = decodeCallTree(randomBody({ seed: 11, nodes: 300 }), 'function');
    const node = childrenOf(full, 0)[0] ?? 1;
    const pruned = prune(full, node);
    const detail = subtree(full, node);
    const path = pathKeys(pruned, node);
    expect(graftAll(pruned, [{ path, detail }]).size).toBe(full.size);
    const newer = { ...detail, totals: detail.totals.map((total) => total + 1) };
    expect(graftAll(pruned, [{ path, detail: newer }])).toBe(pruned);
    expect(graftAll(pruned, [{ path: ['gone'], detail }])).toBe(pruned);
  });
});

/** The tree with everything below `node` in one "(other)". */
function prune(tree: CallTree, node: number): CallTree {
  const end = at(tree.subtreeEnds, node);
  const kept = Array.from({ length: tree.size }, (_, index) => index).filter(
    (each) => each <= node || each >= end,
  );
  const target = new Map(kept.map((each, index) => [each, index <= node ? index : index + 1]));
  const parents = kept.map((each) => target.get(at(tree.parents, each)) ?? -1);
  const functions = kept.map((each) => at(tree.functions, each));
  const selfs = kept.map((each) => at(tree.selfs, each));
  const totals = kept.map((each) => at(tree.totals, each));
  const remainder = at(tree.totals, node) - at(tree.selfs, node);
  parents.splice(node + 1, 0, node);
  functions.splice(node + 1, 0, OTHER);
  selfs.splice(node + 1, 0, remainder);
  totals.splice(node + 1, 0, remainder);
  return rebuilt(tree, parents, functions, selfs, totals);
}

function subtree(tree: CallTree, node: number): CallTree {
  const nodes = Array.from({ length: at(tree.subtreeEnds, node) - node }, (_, index) => node + index);
  return rebuilt(
    tree,
    nodes.map((each) => (each === node ? -1 : at(tree.parents, each) - node)),
    nodes.map((each) => (each === node ? -1 : at(tree.functions, each))),
    nodes.map((each) => at(tree.selfs, each)),
    nodes.map((each) => at(tree.totals, each)),
  );
}

function rebuilt(
  tree: CallTree,
  parent: number[],
  indices: number[],
  self: number[],
  total: number[],
): CallTree {
  const { names, files, modules, lines, packages, kinds } = tree.table;
  const strings = [...names, ...files, ...modules, ...packages];
  return decodeCallTree(
    {
      ...randomBody({ seed: 1, nodes: 2 }),
      strings,
      functions: {
        name: names.map((_, index) => index),
        file: files.map((_, index) => names.length + index),
        module: modules.map((_, index) => 2 * names.length + index),
        line: [...lines],
        package: packages.map((_, index) => 3 * names.length + index),
        kind: [...kinds],
      },
      nodes: { parent, function: indices, self, total },
    },
    'function',
  );
}
