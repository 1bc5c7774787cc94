import type { TopBody } from '../api/types.ts';
import { at, OTHER, ROOT, type CallTree, type NodeId } from './call-tree.ts';
import { compileSearch } from './search.ts';

/** One line of the table of functions. */
export interface FunctionRow {
  readonly name: string;
  readonly file: string;
  readonly module: string;
  readonly self: number;
  readonly total: number;
}

export type FunctionSort = '-self' | '-total' | 'name' | 'self' | 'total' | '-name';

export function rowsOfTop(body: TopBody): FunctionRow[] {
  const { name, file, module, self, total } = body.functions;
  return name.map((text, index) => ({
    name: text,
    file: file[index] ?? '',
    module: module[index] ?? '',
    self: self[index] ?? 0,
    total: total[index] ?? 0,
  }));
}

/**
 * The functions of one subtree. Recursion counts once in `total`: a function's total is the value of the stacks it is
 * on, however often.
 */
export function rowsOfSubtree(tree: CallTree, root: NodeId): FunctionRow[] {
  const { names, files, modules } = tree.table;
  const keys = new Map<string, number>();
  const rowOf = names.map((name, index) => {
    const key = `${name}\0${files[index]}\0${modules[index]}`;
    const known = keys.get(key);
    if (known !== undefined) return known;
    keys.set(key, keys.size);
    return keys.size - 1;
  });
  const selfs = new Float64Array(keys.size);
  const totals = new Float64Array(keys.size);
  const coveredUntil = new Int32Array(keys.size);

  const end = at(tree.subtreeEnds, root);
  for (let node = root; node < end; node++) {
    const index = at(tree.functions, node);
    if (index === ROOT || index === OTHER) continue;
    const row = rowOf[index] ?? 0;
    selfs[row] = at(selfs, row) + at(tree.selfs, node);
    if (node >= at(coveredUntil, row)) {
      totals[row] = at(totals, row) + at(tree.totals, node);
      coveredUntil[row] = at(tree.subtreeEnds, node);
    }
  }
  const first = new Map<number, number>();
  rowOf.forEach((row, index) => {
    if (!first.has(row)) first.set(row, index);
  });
  const rows: FunctionRow[] = [];
  for (const [row, index] of first) {
    const total = at(totals, row);
    if (total === 0) continue;
    rows.push({
      name: names[index] ?? '',
      file: files[index] ?? '',
      module: modules[index] ?? '',
      self: at(selfs, row),
      total,
    });
  }
  return rows;
}

export function sortedRows(rows: readonly FunctionRow[], sort: FunctionSort, search: string): FunctionRow[] {
  const matches = compileSearch(search);
  const shown = matches
    ? rows.filter((row) => matches(row.name) || matches(row.file) || matches(row.module))
    : rows.slice();
  const sign = sort.startsWith('-') ? -1 : 1;
  const field = sort.replace('-', '');
  return shown.sort((left, right) => {
    const difference =
      field === 'name'
        ? left.name.localeCompare(right.name)
        : field === 'self'
          ? left.self - right.self || left.total - right.total
          : left.total - right.total || left.self - right.self;
    return sign * difference || left.name.localeCompare(right.name);
  });
}
