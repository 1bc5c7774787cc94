import { at, type CallTree, type NodeId } from './call-tree.ts';

export interface SearchResult {
  /** Per node, 1 where it matches. */
  readonly marks: Uint8Array;
  /** Matching nodes, the largest first: the order of "next". */
  readonly matches: readonly NodeId[];
  /** Value of everything at or below a match. Nested matches count once, so this never exceeds the root. */
  readonly total: number;
}

export type Matcher = (text: string) => boolean;

/**
 * Plain text matches anywhere, ignoring case unless it has a capital; `/…/` is a regular expression. `undefined` for
 * an empty search and for an expression that does not compile (the one being typed).
 */
export function compileSearch(search: string): Matcher | undefined {
  const text = search.trim();
  if (text === '') return undefined;
  if (text.length > 2 && text.startsWith('/') && text.endsWith('/')) {
    try {
      const pattern = new RegExp(text.slice(1, -1), 'iu');
      return (candidate) => pattern.test(candidate);
    } catch {
      return undefined;
    }
  }
  if (/\p{Lu}/u.test(text)) return (candidate) => candidate.includes(text);
  return (candidate) => candidate.toLowerCase().includes(text);
}

/** Finds every node whose function, file or module matches, however small it is drawn. */
export function searchTree(tree: CallTree, search: string): SearchResult | undefined {
  const matches = compileSearch(search);
  if (!matches) return undefined;
  const { names, files, modules } = tree.table;
  const hit = names.map(
    (name, index) => matches(name) || matches(files[index] ?? '') || matches(modules[index] ?? ''),
  );

  const marks = new Uint8Array(tree.size);
  const found: NodeId[] = [];
  let total = 0;
  let coveredUntil = 0;
  for (let node = 0; node < tree.size; node++) {
    const index = at(tree.functions, node);
    if (index < 0 || !hit[index]) continue;
    marks[node] = 1;
    found.push(node);
    if (node >= coveredUntil) {
      total += at(tree.totals, node);
      coveredUntil = at(tree.subtreeEnds, node);
    }
  }
  found.sort((left, right) => at(tree.totals, right) - at(tree.totals, left) || left - right);
  return { marks, matches: found, total };
}
