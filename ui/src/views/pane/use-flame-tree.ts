import { useMemo } from 'react';

import { useFlameGraph, type FlameGraphQuestion, type Scope } from '../../api/queries.ts';
import { decodeCallTree, type CallTree } from '../../model/call-tree.ts';
import { orderedByName } from '../../model/order.ts';
import type { ViewState } from '../../state/url.ts';
import { useExpanded } from './use-expanded.ts';

export interface FlameTree {
  readonly flameGraph: ReturnType<typeof useFlameGraph>;
  readonly tree: CallTree | undefined;
  readonly isBusy: boolean;
}

/** The tree that the state asks for, with what was expanded in its place and siblings in their order. */
export function useFlameTree(
  scope: Scope,
  state: ViewState,
  question: FlameGraphQuestion,
  enabled: boolean,
): FlameTree {
  const flameGraph = useFlameGraph(scope, question, enabled);
  const base = useMemo(
    () => (flameGraph.data ? decodeCallTree(flameGraph.data, state.granularity) : undefined),
    // The granularity belongs to the answer; until the next one is here, the previous stays as it was.
    // eslint-disable-next-line react/exhaustive-deps
    [flameGraph.data],
  );
  const { tree: grown, isExpanding } = useExpanded(scope, state, question, base);
  const tree = useMemo(
    () => (grown && state.order === 'name' ? orderedByName(grown) : grown),
    [grown, state.order],
  );
  return { flameGraph, tree, isBusy: (flameGraph.isFetching && flameGraph.isPlaceholderData) || isExpanding };
}
