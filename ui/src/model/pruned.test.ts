import { expect, it } from 'vitest';

import { decodeCallTree } from './call-tree.ts';
import { prunedFunctions } from './pruned.ts';
import { randomBody } from './random-tree.testing.ts';

it('tells the functions that the tree does not show, by name and place', () => {
  const tree = decodeCallTree(randomBody({ seed: 1, nodes: 50 }), 'function');
  const name = tree.table.names[0] ?? '';
  const file = tree.table.files[0] ?? '';
  const hidden = prunedFunctions(tree, {
    functions: {
      name: [name, name, 'gone'],
      file: [file, '/elsewhere.py', ''],
      module: ['', '', 'libgone.so'],
      self: [1, 1, 1],
      total: [9, 5, 2],
    },
  });
  expect(hidden).toEqual([
    { name, file: '/elsewhere.py', module: '', total: 5 },
    { name: 'gone', file: '', module: 'libgone.so', total: 2 },
  ]);
});
