import { useMemo } from 'react';

import { useFlameGraphParts, type FlameGraphQuestion, type Scope } from '../../api/queries.ts';
import {
  ancestry,
  apiKey,
  at,
  decodeCallTree,
  graftAll,
  resolvePath,
  type CallTree,
} from '../../model/call-tree.ts';
import type { ViewState } from '../../state/url.ts';

/**
 * The tree with everything in it that the reader asked to see behind "(other)". What was expanded inside of an
 * expanded part can only be named once that part is here, hence the steps.
 */
export function useExpanded(
  scope: Scope,
  state: ViewState,
  question: FlameGraphQuestion,
  tree: CallTree | undefined,
): { tree: CallTree | undefined; isExpanding: boolean } {
  const first = useExpansion(scope, state, question, tree, tree);
  const second = useExpansion(scope, state, question, tree, first.tree);
  const third = useExpansion(scope, state, question, first.tree, second.tree);
  return { tree: third.tree, isExpanding: first.isExpanding || second.isExpanding || third.isExpanding };
}

/** One step: fetches and grafts the parts that `tree` has a place for and `before` had not. */
function useExpansion(
  scope: Scope,
  state: ViewState,
  question: FlameGraphQuestion,
  before: CallTree | undefined,
  tree: CallTree | undefined,
): { tree: CallTree | undefined; isExpanding: boolean } {
  const wanted = useMemo(() => {
    if (!tree) return [];
    return state.expanded.flatMap((joined) => {
      const keys = joined.split('.').filter(Boolean);
      if (before && before !== tree && hasPath(before, keys)) return [];
      if (!hasPath(tree, keys)) return [];
      return [{ keys, path: ancestry(tree, resolvePath(tree, keys)).map((step) => apiKey(tree, step)) }];
    });
  }, [before, tree, state.expanded]);
  const parts = useFlameGraphParts(
    scope,
    question,
    wanted.map(({ path }) => path),
    tree !== undefined,
  );
  const bodies = parts.map((part) => part.data);
  const details = useMemo(
    () =>
      wanted.flatMap(({ keys }, index) => {
        const body = bodies[index];
        return body ? [{ path: keys, detail: decodeCallTree(body, state.granularity) }] : [];
      }),
    // eslint-disable-next-line react/exhaustive-deps
    [wanted, ...bodies],
  );
  const grafted = useMemo(() => (tree ? graftAll(tree, details) : undefined), [tree, details]);
  return { tree: grafted, isExpanding: parts.some((part) => part.isFetching && !part.data) };
}

function hasPath(tree: CallTree, keys: readonly string[]): boolean {
  return at(tree.depths, resolvePath(tree, keys)) === keys.length;
}
