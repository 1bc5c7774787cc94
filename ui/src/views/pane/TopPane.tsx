import { useMemo } from 'react';

import { useTop, type SampleQuestion, type Scope } from '../../api/queries.ts';
import { formatCount, plural } from '../../model/format.ts';
import { rowsOfTop } from '../../model/top.ts';
import type { ViewState } from '../../state/url.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Busy, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { Basis } from './Basis.tsx';
import { FunctionTable } from './FunctionTable.tsx';

/** The functions alone, as a table over the whole width. */
export function TopPane(props: {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly question: SampleQuestion;
  readonly search: string;
}) {
  const { scope, state, update, question, search } = props;
  // Plain text is searched on the server as well, where nothing is cut off.
  const isPlain = !/^\/.*\/$/.test(search);
  const serverSearch = useDebounced(isPlain ? search.trim() : '', 250);
  const top = useTop(scope, question, serverSearch, true);
  const rows = useMemo(() => (top.data ? rowsOfTop(top.data) : []), [top.data]);
  if (top.isError && !top.data) return <ErrorState error={top.error} onRetry={() => void top.refetch()} />;
  if (!top.data) return <Skeleton lines={16} label="Loading functions" />;
  return (
    <>
      <div className="pane-status">
        <span className="muted">
          {top.data.truncated
            ? `The ${formatCount(rows.length)} functions with the most of it; search to find others`
            : plural(rows.length, 'function')}
        </span>
        <Basis tree={top.data} />
      </div>
      <div className="top-only">
        <Busy isBusy={top.isFetching && top.isPlaceholderData} />
        <FunctionTable
          rows={rows}
          whole={top.data.total}
          unit={top.data.unit}
          sort={state.functionSort}
          search={search}
          isWide
          onSort={(functionSort) => update({ functionSort })}
          onPick={(name) => update({ search: name, tab: 'flame', zoom: [] })}
        />
      </div>
    </>
  );
}
