import { useMemo } from 'react';

import { useProcesses, useTimeline, useTimelineDetail } from '../../api/timeline.ts';
import type { Scope } from '../../api/queries.ts';
import { decodeTimeline } from '../../model/timeline.ts';
import { detailWindow, withDetail } from '../../model/timeline-detail.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Busy, EmptyState, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { MOST_PROFILES, ProcessChooser, TimeChooser } from './ProcessChooser.tsx';
import { NoTimes } from './NoTimes.tsx';
import { TimelineView } from './TimelineView.tsx';
import './timeline.css';

interface TimelinePaneProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
}

/** The threads of one process over time. Where the scope has several, the reader chooses one. */
export function TimelinePane({ scope, state, update }: TimelinePaneProps) {
  const isOneProfile = state.profile !== '';
  const processes = useProcesses(scope, !isOneProfile);
  const found = processes.processes;
  const only = found?.length === 1 ? found[0] : undefined;
  const isDrawable = isOneProfile || (only !== undefined && only.profiles <= MOST_PROFILES);
  const answer = useTimeline(scope, state, isDrawable);
  const coarse = useMemo(() => (answer.data ? decodeTimeline(answer.data) : undefined), [answer.data]);
  const detail = useTimelineDetail(scope, state, coarse ? detailWindow(coarse, state.inView) : '');
  const timeline = useMemo(
    () => coarse && (detail.data ? withDetail(coarse, detail.data.body, detail.data.window) : coarse),
    [coarse, detail.data],
  );

  if (!isOneProfile && processes.isError && !found) {
    return <ErrorState error={processes.error} onRetry={() => void processes.refetch()} />;
  }
  if (!isOneProfile && !found) return <Skeleton lines={10} label="Looking for processes" />;
  if (found && found.length !== 1) {
    return <ProcessChooser processes={found} count={processes.count} state={state} update={update} />;
  }
  if (only && only.profiles > MOST_PROFILES) {
    return <TimeChooser scope={scope} profiles={only.profiles} update={update} />;
  }
  if (answer.isError && !answer.data) {
    return <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />;
  }
  if (!timeline) return <Skeleton lines={12} label="Loading the timeline" />;
  if (timeline.size === 0 && timeline.withoutTime > 0) {
    return <NoTimes samples={timeline.withoutTime} scope={scope} update={update} />;
  }
  if (timeline.size === 0) {
    const isFiltered = state.filters.length > 0 || state.span !== '';
    return (
      <EmptyState title={isFiltered ? 'No samples match' : 'Nothing happened over time'}>
        <p className="muted">
          {isFiltered
            ? 'This profile has samples, but none with these labels or of this request.'
            : 'This profile has no samples of CPU time, waiting, locks or I/O. What it has is in the flame graph.'}
        </p>
        {isFiltered ? (
          <button
            type="button"
            className="button"
            onClick={() => update({ filters: [], span: '', window: '' })}
          >
            Show all samples
          </button>
        ) : (
          <button type="button" className="button" onClick={() => update({ tab: 'flame' })}>
            Show the flame graph
          </button>
        )}
      </EmptyState>
    );
  }
  return (
    <div className="timeline-pane">
      <Busy isBusy={(answer.isFetching && answer.isPlaceholderData) || detail.isFetching} />
      <TimelineView timeline={timeline} scope={scope} state={state} update={update} />
    </div>
  );
}
