import type { FlameGraphBody, FrameKind, Granularity, Kind } from '../api/types.ts';

/** Index of a node in depth-first order; 0 is the root. */
export type NodeId = number;
/** A width or position in the unit of the value type, measured from the left edge of the root. */
export type ValuePosition = number;

/** `CallTree.functions` of the root, which stands for everything in scope. */
export const ROOT = -1;
/** `CallTree.functions` of a node that stands for what the server pruned. */
export const OTHER = -2;

/** What a node is, apart from its place in the tree. */
export interface FunctionTable {
  readonly names: readonly string[];
  readonly files: readonly string[];
  readonly modules: readonly string[];
  /** 0 where unknown or where the granularity is coarser than lines. */
  readonly lines: readonly number[];
  /** What a reader of the code would call the library. */
  readonly packages: readonly string[];
  readonly kinds: readonly FrameKind[];
}

/**
 * A merged call tree as columns, with everything that painting and searching ask for precomputed in one pass.
 *
 * The columns are in depth-first order, so a subtree is the range `[node, subtreeEnd[node])` and no recursion is
 * needed anywhere: stacks of tens of thousands of frames are fine.
 */
export interface CallTree {
  readonly type: string;
  readonly unit: string;
  readonly kind: Kind;
  readonly granularity: Granularity;
  readonly samples: number;
  readonly profiles: number;
  /** From the first start to the last end of the profiles. */
  readonly seconds: number;
  /** Calls of the endpoints in scope, where clients count them. */
  readonly calls: number | null;
  /** What of the profiles could not be read. */
  readonly problems: readonly string[];
  readonly prunedNodes: number;
  readonly prunedValue: number;
  readonly table: FunctionTable;

  readonly size: number;
  readonly parents: Int32Array;
  /** Index into `table`, or {@link ROOT}, or {@link OTHER}. */
  readonly functions: Int32Array;
  readonly selfs: Float64Array;
  readonly totals: Float64Array;

  readonly depths: Int32Array;
  readonly starts: Float64Array;
  readonly subtreeEnds: Int32Array;
  /** Node ids per depth, left to right. */
  readonly rows: readonly Int32Array[];
}

export interface CallTreeColumns {
  parents: Int32Array;
  functions: Int32Array;
  selfs: Float64Array;
  totals: Float64Array;
}

/** Everything but the derived columns. */
type Meta = Pick<
  CallTree,
  | 'type'
  | 'unit'
  | 'kind'
  | 'granularity'
  | 'samples'
  | 'profiles'
  | 'seconds'
  | 'calls'
  | 'problems'
  | 'prunedNodes'
  | 'prunedValue'
  | 'table'
>;

export function decodeCallTree(body: FlameGraphBody, granularity: Granularity): CallTree {
  const text = (index: number): string => body.strings[index] ?? '';
  const table: FunctionTable = {
    names: body.functions.name.map(text),
    files: body.functions.file.map(text),
    modules: body.functions.module.map(text),
    lines: body.functions.line,
    packages: body.functions.package.map(text),
    kinds: body.functions.kind,
  };
  return layOut(
    {
      type: body.type,
      unit: body.unit,
      kind: body.kind,
      granularity,
      samples: body.samples,
      profiles: body.profiles,
      seconds: body.seconds,
      calls: body.calls,
      problems: body.problems,
      prunedNodes: body.pruned.nodes,
      prunedValue: body.pruned.value,
      table,
    },
    {
      parents: Int32Array.from(body.nodes.parent),
      functions: Int32Array.from(body.nodes.function),
      selfs: Float64Array.from(body.nodes.self),
      totals: Float64Array.from(body.nodes.total),
    },
  );
}

/** Derives depth, position and rows. The columns must be in depth-first order with the root first. */
export function layOut(meta: Meta, columns: CallTreeColumns): CallTree {
  const { parents, totals } = columns;
  const size = parents.length;
  const depths = new Int32Array(size);
  const starts = new Float64Array(size);
  const subtreeEnds = new Int32Array(size);
  // Where the next child of a node goes.
  const cursors = new Float64Array(size);
  const rowLengths: number[] = [];

  for (let node = 0; node < size; node++) {
    const parent = at(parents, node);
    if (parent >= 0) {
      const start = at(cursors, parent);
      depths[node] = at(depths, parent) + 1;
      starts[node] = start;
      cursors[parent] = start + at(totals, node);
    }
    cursors[node] = at(starts, node);
    const depth = at(depths, node);
    rowLengths[depth] = (rowLengths[depth] ?? 0) + 1;
  }
  subtreeEnds.fill(0);
  for (let node = size - 1; node >= 0; node--) {
    const end = Math.max(at(subtreeEnds, node), node + 1);
    subtreeEnds[node] = end;
    const parent = at(parents, node);
    if (parent >= 0 && at(subtreeEnds, parent) < end) subtreeEnds[parent] = end;
  }

  const rows = rowLengths.map((length) => new Int32Array(length));
  const filled = new Int32Array(rows.length);
  for (let node = 0; node < size; node++) {
    const depth = at(depths, node);
    const row = rows[depth];
    if (row) row[at(filled, depth)] = node;
    filled[depth] = at(filled, depth) + 1;
  }
  return { ...meta, ...columns, size, depths, starts, subtreeEnds, rows };
}

/** Typed arrays answer `undefined` only out of bounds, which callers here never are. */
export function at(column: Int32Array | Float64Array, index: number): number {
  return column[index] ?? 0;
}

export function nodeName(tree: CallTree, node: NodeId): string {
  const index = at(tree.functions, node);
  if (index === ROOT) return 'root';
  if (index === OTHER) return '(other)';
  return tree.table.names[index] || '(unknown)';
}

/** `file:line`, as far as known. */
export function nodeSource(tree: CallTree, node: NodeId): string {
  const index = at(tree.functions, node);
  if (index < 0) return '';
  const file = tree.table.files[index] ?? '';
  const line = tree.table.lines[index] ?? 0;
  return file && line > 0 ? `${file}:${line}` : file;
}

export function nodeModule(tree: CallTree, node: NodeId): string {
  const index = at(tree.functions, node);
  return index < 0 ? '' : (tree.table.modules[index] ?? '');
}

/** What a reader of the code would call the library; at package granularity, the node itself. */
export function nodePackage(tree: CallTree, node: NodeId): string {
  const index = at(tree.functions, node);
  if (index < 0) return '';
  const name = tree.table.packages[index] ?? '';
  return name === '' && tree.granularity === 'package' ? (tree.table.names[index] ?? '') : name;
}

export function nodeKind(tree: CallTree, node: NodeId): FrameKind | undefined {
  const index = at(tree.functions, node);
  return index < 0 ? undefined : tree.table.kinds[index];
}

/** The stack down to a node, root first, one line per frame. */
export function stackText(tree: CallTree, node: NodeId): string {
  return ancestry(tree, node)
    .map((step) => {
      const source = nodeSource(tree, step) || nodeModule(tree, step);
      const name = nodeName(tree, step);
      return source && source !== name ? `${name} (${source})` : name;
    })
    .join('\n');
}

export function childrenOf(tree: CallTree, node: NodeId): NodeId[] {
  const children: NodeId[] = [];
  const end = at(tree.subtreeEnds, node);
  for (let child = node + 1; child < end; child = at(tree.subtreeEnds, child)) children.push(child);
  return children;
}

/** From below the root down to the node itself; empty for the root. */
export function ancestry(tree: CallTree, node: NodeId): NodeId[] {
  const path: NodeId[] = [];
  for (let current = node; current > 0; current = at(tree.parents, current)) path.push(current);
  return path.toReversed();
}

/**
 * A name for a frame that survives a reload, another time range and another sibling order: links store the path of
 * these, never an index. Seven characters at most, so that a path of a hundred frames still fits in a URL.
 */
export function frameKey(tree: CallTree, node: NodeId): string {
  const index = at(tree.functions, node);
  if (index === ROOT) return 'root';
  if (index === OTHER) return 'other';
  const { names, files, modules, lines } = tree.table;
  // Only at line granularity can siblings differ by nothing else; elsewhere a line would break links at each edit.
  const line = tree.granularity === 'line' ? (lines[index] ?? 0) : 0;
  return hash32(`${names[index]}\0${files[index]}\0${modules[index]}\0${line}`).toString(36);
}

/** How the API names a frame in a path: name, file, module and line, separated by tabs. */
export function apiKey(tree: CallTree, node: NodeId): string {
  const index = at(tree.functions, node);
  const { names, files, modules, lines } = tree.table;
  return [names[index], files[index], modules[index], lines[index]].join('\t');
}

export function pathKeys(tree: CallTree, node: NodeId): string[] {
  return ancestry(tree, node).map((step) => frameKey(tree, step));
}

/** The deepest node on the path that this tree has; the root when it has none of it. */
export function resolvePath(tree: CallTree, path: readonly string[]): NodeId {
  let node = 0;
  for (const key of path) {
    const next = childrenOf(tree, node).find((child) => frameKey(tree, child) === key);
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

/** FNV-1a over UTF-16 units. Stable across versions: colors and links depend on it. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Puts a more detailed subtree in place of the one at `node`.
 *
 * `detail` is the answer to a query for the path of `node`: its root is `node` itself. Everything around stays as it
 * was, so expanding "(other)" neither moves nor recolors the rest of the picture.
 */
export function graft(tree: CallTree, node: NodeId, detail: CallTree): CallTree {
  const end = at(tree.subtreeEnds, node);
  const removed = end - node;
  const size = tree.size - removed + detail.size;
  const parents = new Int32Array(size);
  const functions = new Int32Array(size);
  const selfs = new Float64Array(size);
  const totals = new Float64Array(size);
  const shift = detail.size - removed;
  const functionShift = tree.table.names.length;

  for (let source = 0; source < tree.size; source++) {
    if (source >= node && source < end) continue;
    const target = source < node ? source : source + shift;
    const parent = at(tree.parents, source);
    parents[target] = parent < node ? parent : parent + shift;
    functions[target] = at(tree.functions, source);
    selfs[target] = at(tree.selfs, source);
    totals[target] = at(tree.totals, source);
  }
  for (let source = 0; source < detail.size; source++) {
    const target = node + source;
    const index = at(detail.functions, source);
    parents[target] = source === 0 ? at(tree.parents, node) : at(detail.parents, source) + node;
    functions[target] = source === 0 ? at(tree.functions, node) : index < 0 ? index : index + functionShift;
    selfs[target] = at(detail.selfs, source);
    totals[target] = at(detail.totals, source);
  }
  const table: FunctionTable = {
    names: tree.table.names.concat(detail.table.names),
    files: tree.table.files.concat(detail.table.files),
    modules: tree.table.modules.concat(detail.table.modules),
    lines: tree.table.lines.concat(detail.table.lines),
    packages: tree.table.packages.concat(detail.table.packages),
    kinds: tree.table.kinds.concat(detail.table.kinds),
  };
  return layOut({ ...tree, table }, { parents, functions, selfs, totals });
}

/**
 * The tree with the given parts grafted in. A part whose place is gone, or whose total disagrees because newer
 * profiles came in between the two answers, is left out: totals must add up before they are detailed.
 */
export function graftAll(
  tree: CallTree,
  parts: readonly { path: readonly string[]; detail: CallTree }[],
): CallTree {
  let result = tree;
  for (const { path, detail } of parts) {
    const node = resolvePath(result, path);
    const found = at(result.depths, node) === path.length;
    if (found && detail.size > 0 && at(result.totals, node) === at(detail.totals, 0)) {
      result = graft(result, node, detail);
    }
  }
  return result;
}
