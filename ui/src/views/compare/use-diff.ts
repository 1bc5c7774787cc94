import { useMemo } from 'react';

import { useCompare, useCompareParts, type CompareBody } from '../../api/compare.ts';
import type { FlameGraphQuestion } from '../../api/queries.ts';
import { ancestry, apiKey, at, resolvePath } from '../../model/call-tree.ts';
import { decodeDiff, graftDiff, type Diff } from '../../model/diff.ts';
import type { Side, ViewState } from '../../state/url.ts';

interface Question {
  readonly a: Side;
  readonly b: Side;
  readonly question: FlameGraphQuestion;
}

/** The comparison that the state asks for, with everything in it that the reader asked to see behind "(other)". */
export function useDiff(state: ViewState, { a, b, question }: Question, enabled: boolean) {
  const compare = useCompare(a, b, question, enabled);
  const base = useMemo(
    () => (compare.data ? decodeDiff(compare.data, state.granularity, state.change) : undefined),
    // The granularity belongs to the answer; until the next one is here, the previous stays as it was.
    // eslint-disable-next-line react/exhaustive-deps
    [compare.data, state.change],
  );
  // What was expanded inside of an expanded part can only be named once that part is here, hence the steps.
  const first = useExpansion(state.expanded, { a, b, question }, base, base);
  const second = useExpansion(state.expanded, { a, b, question }, base, first.diff);
  const third = useExpansion(state.expanded, { a, b, question }, first.diff, second.diff);
  return {
    compare,
    diff: third.diff,
    isExpanding: first.isExpanding || second.isExpanding || third.isExpanding,
  };
}

/** One step: fetches and grafts the parts that `diff` has a place for and `before` had not. */
function useExpansion(
  expanded: readonly string[],
  { a, b, question }: Question,
  before: Diff | undefined,
  diff: Diff | undefined,
): { diff: Diff | undefined; isExpanding: boolean } {
  const wanted = useMemo(() => {
    if (!diff) return [];
    return expanded.flatMap((joined) => {
      const keys = joined.split('.').filter(Boolean);
      if (before && before !== diff && hasPath(before, keys)) return [];
      if (!hasPath(diff, keys)) return [];
      const steps = ancestry(diff.tree, resolvePath(diff.tree, keys));
      return [{ keys, path: steps.map((step) => apiKey(diff.tree, step)) }];
    });
  }, [before, diff, expanded]);
  const parts = useCompareParts(
    a,
    b,
    question,
    wanted.map(({ path }) => path),
  );
  const bodies: readonly (CompareBody | undefined)[] = parts.map((part) => part.data);
  const grafted = useMemo(
    () =>
      diff &&
      wanted.reduce((result, { keys }, index) => {
        const body = bodies[index];
        return body ? graftDiff(result, keys, body) : result;
      }, diff),
    // eslint-disable-next-line react/exhaustive-deps
    [diff, wanted, ...bodies],
  );
  return { diff: grafted, isExpanding: parts.some((part) => part.isFetching && !part.data) };
}

function hasPath(diff: Diff, keys: readonly string[]): boolean {
  return at(diff.tree.depths, resolvePath(diff.tree, keys)) === keys.length;
}
