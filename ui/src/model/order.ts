import { at, layOut, OTHER, type CallTree } from './call-tree.ts';

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/**
 * The tree with siblings by name instead of by value, so that two pictures can be laid side by side. "(other)" goes
 * last. Paths name frames and not places, so links and selections stay valid.
 */
export function orderedByName(tree: CallTree): CallTree {
  const rank = ranks(tree.table.names);
  const parents = new Int32Array(tree.size);
  const functions = new Int32Array(tree.size);
  const selfs = new Float64Array(tree.size);
  const totals = new Float64Array(tree.size);
  let filled = 0;
  const pending: { source: number; parent: number }[] = [{ source: 0, parent: -1 }];
  const children: number[] = [];
  for (let top = pending.pop(); top; top = pending.pop()) {
    const { source, parent } = top;
    const target = filled++;
    parents[target] = parent;
    functions[target] = at(tree.functions, source);
    selfs[target] = at(tree.selfs, source);
    totals[target] = at(tree.totals, source);

    children.length = 0;
    const end = at(tree.subtreeEnds, source);
    for (let child = source + 1; child < end; child = at(tree.subtreeEnds, child)) children.push(child);
    // Last first, because the stack gives them back in reverse.
    children.sort(
      (left, right) =>
        rankOf(rank, at(tree.functions, right)) - rankOf(rank, at(tree.functions, left)) || right - left,
    );
    for (const child of children) pending.push({ source: child, parent: target });
  }
  return layOut(tree, { parents, functions, selfs, totals });
}

/** Sorting names once and their ranks often is what makes this quick: comparing texts is a hundred times slower. */
function ranks(names: readonly string[]): Int32Array {
  const sorted = [...new Set(names)].sort((left, right) => collator.compare(left, right));
  const byName = new Map(sorted.map((name, index) => [name, index]));
  return Int32Array.from(names, (name) => byName.get(name) ?? 0);
}

function rankOf(rank: Int32Array, functionIndex: number): number {
  return functionIndex === OTHER ? Number.MAX_SAFE_INTEGER : at(rank, functionIndex);
}
