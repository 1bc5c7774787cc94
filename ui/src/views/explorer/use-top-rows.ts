import { useMemo } from 'react';

import { useBreakdown } from '../../api/explore.ts';
import { scopeOf, type SampleQuestion, type Scope } from '../../api/queries.ts';
import { dimensionParts, fullDimension } from '../../model/dimension.ts';
import { withoutFacet } from '../../model/query-text.ts';
import { filtersWithout } from '../../model/row-choice.ts';
import { rowsOfBreakdown, sortedRows } from '../../model/top.ts';
import type { ViewState } from '../../state/url.ts';
import { useDebounced } from '../../state/use-debounced.ts';

/** The rows of the top list, searched and cut off by the server, sorted here. */
export function useTopRows(scope: Scope, state: ViewState, question: SampleQuestion, enabled: boolean) {
  const { kind, key } = dimensionParts(state.dimension);
  // A pattern between slashes is for what has come already; the server finds plain text in all there is.
  const isPlain = !/^\/.*\/$/.test(state.rowSearch);
  const search = useDebounced(isPlain ? state.rowSearch.trim() : '', 250);
  // A row that is not chosen stays in sight, so that it can be chosen as well.
  const asked = kind === 'label' ? { ...question, filters: filtersWithout(question.filters, key) } : question;
  const within =
    kind === 'tag' && !state.profile ? scopeOf({ ...state, query: withoutFacet(state.query, key) }) : scope;
  const answer = useBreakdown(within, asked, fullDimension(state.dimension), search, state.limit, enabled);
  const rows = useMemo(() => (answer.data ? rowsOfBreakdown(answer.data) : []), [answer.data]);
  const shown = useMemo(
    () => sortedRows(rows, state.functionSort, state.rowSearch),
    [rows, state.functionSort, state.rowSearch],
  );
  return { answer, rows: shown };
}
