import { useMemo } from 'react';

import { useBreakdown } from '../../api/explore.ts';
import { scopeOf, useTop, type FlameGraphQuestion, type Scope } from '../../api/queries.ts';
import { at, type CallTree, type NodeId } from '../../model/call-tree.ts';
import { dimensionParts } from '../../model/dimension.ts';
import type { NormalizerBasis } from '../../model/normalize.ts';
import { withoutFacet } from '../../model/query-text.ts';
import { filtersWithout, frameDimensionOf } from '../../model/row-choice.ts';
import { isInTree, rowsOfBreakdown, rowsOfSubtree, rowsOfTop, type FunctionRow } from '../../model/top.ts';
import type { ViewState } from '../../state/url.ts';
import { useDebounced } from '../../state/use-debounced.ts';

const LIMIT = 500;

export interface SideRows {
  readonly rows: readonly FunctionRow[];
  /** What shares are shares of. */
  readonly whole: number;
  readonly unit: string;
  /** What values are divided by, for all that the rows are of. */
  readonly basis: NormalizerBasis;
  readonly other: { readonly rows: number; readonly self: number; readonly total: number } | null;
  readonly isPending: boolean;
  readonly isBusy: boolean;
  readonly error: unknown;
  readonly retry: () => void;
  /** Where the rows are about more than what is zoomed in on. */
  readonly note: string;
}

/**
 * The rows of the side table. Those of a part of the flame graph come from its tree, where it is fine enough; those of
 * the whole from the server, which knows what was pruned.
 */
export function useSideRows(
  scope: Scope,
  state: ViewState,
  question: FlameGraphQuestion,
  tree: CallTree,
  zoomed: NodeId,
): SideRows {
  const { kind, key } = dimensionParts(state.dimension);
  const by = frameDimensionOf(state.dimension);
  const isFromTree = by !== undefined && zoomed !== 0 && isInTree(tree, by);
  const isFromTop = !isFromTree && by === 'function';
  const isPlain = !/^\/.*\/$/.test(state.rowSearch);
  const search = useDebounced(isPlain ? state.rowSearch.trim() : '', 250);

  // A row that is not chosen stays in sight, so that it can be chosen as well.
  const asked = kind === 'label' ? { ...question, filters: filtersWithout(question.filters, key) } : question;
  const within =
    kind === 'tag' && !state.profile ? scopeOf({ ...state, query: withoutFacet(state.query, key) }) : scope;
  const top = useTop(scope, question, search, isFromTop);
  const dimension = by ? `frame:${by}` : `${kind}:${key}`;
  const breakdown = useBreakdown(within, asked, dimension, search, LIMIT, !isFromTree && !isFromTop);

  const answer = isFromTop ? top : breakdown;
  const rows = useMemo(() => {
    if (isFromTree) return rowsOfSubtree(tree, zoomed, by);
    if (isFromTop) return top.data ? rowsOfTop(top.data) : [];
    return breakdown.data ? rowsOfBreakdown(breakdown.data) : [];
  }, [isFromTree, isFromTop, tree, zoomed, by, top.data, breakdown.data]);
  return {
    rows,
    whole: isFromTree ? at(tree.totals, zoomed) : (answer.data?.total ?? 0),
    unit: isFromTree ? tree.unit : (answer.data?.unit ?? tree.unit),
    basis: isFromTree ? tree : (answer.data ?? tree),
    other: isFromTree || isFromTop ? null : (breakdown.data?.other ?? null),
    isPending: !isFromTree && answer.isPending,
    isBusy: !isFromTree && answer.isFetching && answer.isPlaceholderData,
    error: !isFromTree && answer.isError && !answer.data ? answer.error : null,
    retry: () => void answer.refetch(),
    note: zoomed !== 0 && !isFromTree ? 'All that is in scope, not only what is zoomed in on.' : '',
  };
}
