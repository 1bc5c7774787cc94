import { useMemo, useState } from 'react';

import { at, pathKeys, resolvePath, type NodeId } from '../../model/call-tree.ts';
import type { Diff } from '../../model/diff.ts';
import { searchTree, type SearchResult } from '../../model/search.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';

export interface DiffSearch {
  readonly found: SearchResult | undefined;
  /** Which of the matches is shown; -1 before the first. */
  readonly index: number;
  readonly selection: readonly string[] | null;
  readonly select: (path: readonly string[] | null) => void;
  readonly showMatch: (step: 1 | -1) => void;
  /** Searches for a function and leads to where most of it is; the same again takes the search away. */
  readonly pick: (name: string) => void;
}

/** What is searched for and selected: one for the table and for both flame graphs, by path. */
export function useDiffSearch(state: ViewState, update: Update, diff: Diff | undefined): DiffSearch {
  const { search } = state;
  const found = useMemo(() => (diff ? searchTree(diff.tree, search) : undefined), [diff, search]);
  const [selection, select] = useState<readonly string[] | null>(null);
  const [index, setIndex] = useState(-1);
  const [searchOfIndex, setSearchOfIndex] = useState(found);
  if (searchOfIndex !== found) {
    setSearchOfIndex(found);
    setIndex(-1);
  }

  function show(node: NodeId, patch: Partial<ViewState>): void {
    if (!diff) return;
    const zoomed = resolvePath(diff.tree, state.zoom);
    const isInside = node >= zoomed && node < at(diff.tree.subtreeEnds, zoomed);
    update({ ...patch, ...(!isInside && { zoom: [] }) });
    select(pathKeys(diff.tree, node));
  }

  return {
    found,
    index,
    selection,
    select,
    showMatch: (step) => {
      const count = found?.matches.length ?? 0;
      if (!found || count === 0) return;
      const next = index < 0 ? (step === 1 ? 0 : count - 1) : (index + step + count) % count;
      setIndex(next);
      show(found.matches[next] ?? 0, {});
    },
    pick: (name) => {
      if (search === name) return update({ search: '' });
      const largest = diff ? searchTree(diff.tree, name)?.matches[0] : undefined;
      if (largest === undefined) update({ search: name });
      else show(largest, { search: name });
    },
  };
}
