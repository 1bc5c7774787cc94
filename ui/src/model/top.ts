import type { BreakdownBody } from '../api/explore.ts';
import type { TopBody } from '../api/types.ts';
import { at, OTHER, ROOT, type CallTree, type NodeId } from './call-tree.ts';
import type { FrameDimension } from './row-choice.ts';
import { compileSearch } from './search.ts';

/** One line of a table: a function, or whatever else its rows stand for. */
export interface FunctionRow {
  readonly name: string;
  readonly file: string;
  readonly module: string;
  /** 0 where rows are not lines. */
  readonly line: number;
  readonly self: number;
  readonly total: number;
  /** How often it was called, where clients count that. */
  readonly calls: number | null;
}

export type SortField = 'name' | 'self' | 'total' | 'calls' | 'each';
export type FunctionSort = SortField | `-${SortField}`;

export function rowsOfTop(body: TopBody): FunctionRow[] {
  const { name, file, module, self, total } = body.functions;
  return name.map((text, index) => ({
    name: text,
    file: file[index] ?? '',
    module: module[index] ?? '',
    line: 0,
    self: self[index] ?? 0,
    total: total[index] ?? 0,
    calls: null,
  }));
}

export function rowsOfBreakdown({ rows }: BreakdownBody): FunctionRow[] {
  return rows.value.map((name, index) => ({
    name,
    file: rows.file?.[index] ?? '',
    module: rows.module?.[index] ?? '',
    line: rows.line?.[index] ?? 0,
    self: rows.self[index] ?? 0,
    total: rows.total[index] ?? 0,
    calls: rows.calls?.[index] ?? null,
  }));
}

/** What is spent on one call. */
export function costPerCall(row: FunctionRow): number | null {
  return row.calls ? row.total / row.calls : null;
}

/**
 * What one subtree consists of. Recursion counts once in `total`: a function's total is the value of the stacks it is
 * on, however often.
 */
export function rowsOfSubtree(tree: CallTree, root: NodeId, by: FrameDimension = 'function'): FunctionRow[] {
  const keys = new Map<string, number>();
  const first: number[] = [];
  const rowOf = tree.table.names.map((_, index) => {
    const key = keyOf(tree, index, by);
    const known = keys.get(key);
    if (known !== undefined) return known;
    keys.set(key, first.length);
    return first.push(index) - 1;
  });
  const selfs = new Float64Array(first.length);
  const totals = new Float64Array(first.length);
  const coveredUntil = new Int32Array(first.length);

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
  return first.flatMap((index, row) => {
    const total = at(totals, row);
    return total === 0 ? [] : [{ ...nameOf(tree, index, by), self: at(selfs, row), total, calls: null }];
  });
}

/** Whether the nodes of the tree are fine enough for rows of this kind. */
export function isInTree(tree: CallTree, by: FrameDimension): boolean {
  const { granularity } = tree;
  switch (by) {
    case 'function':
      return granularity === 'function' || granularity === 'line';
    case 'line':
      return granularity === 'line';
    case 'file':
      return granularity !== 'package';
    case 'package':
      return true;
  }
}

/** Nodes of the tree that the row stands for, as marks per node. */
export function marksOf(tree: CallTree, row: FunctionRow, by: FrameDimension): Uint8Array {
  const isRow = tree.table.names.map((_, index) => {
    const own = nameOf(tree, index, by);
    return (
      own.name === row.name &&
      (by === 'file' || by === 'package' || (own.file === row.file && own.module === row.module)) &&
      own.line === row.line
    );
  });
  return Uint8Array.from(tree.functions, (index) => (index >= 0 && isRow[index] ? 1 : 0));
}

function keyOf(tree: CallTree, index: number, by: FrameDimension): string {
  const { name, file, module, line } = nameOf(tree, index, by);
  return `${name}\0${file}\0${module}\0${line}`;
}

function nameOf(
  tree: CallTree,
  index: number,
  by: FrameDimension,
): Pick<FunctionRow, 'name' | 'file' | 'module' | 'line'> {
  const { names, files, modules, lines, packages } = tree.table;
  const file = files[index] ?? '';
  const module = modules[index] ?? '';
  if (by === 'package') return { name: packages[index] ?? '', file: '', module: '', line: 0 };
  if (by === 'file') {
    // A tree of files names its nodes by them, and by the module where no file is known.
    const name = tree.granularity === 'file' ? (names[index] ?? '') : file || module;
    return { name, file, module: file ? '' : module, line: 0 };
  }
  return { name: names[index] ?? '', file, module, line: by === 'line' ? (lines[index] ?? 0) : 0 };
}

export function sortedRows(rows: readonly FunctionRow[], sort: FunctionSort, search: string): FunctionRow[] {
  const matches = compileSearch(search);
  const shown = matches
    ? rows.filter((row) => matches(row.name) || matches(row.file) || matches(row.module))
    : rows.slice();
  const sign = sort.startsWith('-') ? -1 : 1;
  const compare = ORDER[sort.replace('-', '') as SortField];
  return shown.sort(
    (left, right) =>
      sign * compare(left, right) || left.name.localeCompare(right.name) || left.line - right.line,
  );
}

const ORDER: Record<SortField, (left: FunctionRow, right: FunctionRow) => number> = {
  name: (left, right) => left.name.localeCompare(right.name),
  self: (left, right) => left.self - right.self || left.total - right.total,
  total: (left, right) => left.total - right.total || left.self - right.self,
  calls: (left, right) => (left.calls ?? -1) - (right.calls ?? -1),
  each: (left, right) => (costPerCall(left) ?? -1) - (costPerCall(right) ?? -1),
};
