import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

import { useNewestProfile, useStatus } from '../../api/queries.ts';
import { formatAgo, formatTimeShort, plural } from '../../model/format.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { useNow } from '../../state/use-now.ts';
import { EmptyState } from '../../widgets/State.tsx';
import { Onboarding } from '../onboarding/Onboarding.tsx';

/** Nothing in scope: either nothing was ever received, or the scope is the reason, or what came could not be read. */
export function NothingInScope({
  state,
  update,
  profiles,
}: {
  readonly state: ViewState;
  readonly update: Update;
  /** How many there are in scope: of those that have no samples, there is nothing else to show. */
  readonly profiles: number;
}) {
  const status = useStatus(true, 5000);
  const newestMs = status.data?.newest_ms;
  const nowMs = useNow();
  const client = useQueryClient();
  // As soon as something comes in, everything is worth asking again.
  const lastNewestMs = useRef(newestMs);
  useEffect(() => {
    const before = lastNewestMs.current;
    lastNewestMs.current = newestMs;
    if (before !== undefined && before !== newestMs) void client.invalidateQueries();
  }, [client, newestMs]);
  const newest = useNewestProfile(state.query);
  if (status.data?.profiles === 0) return <Onboarding />;
  if (profiles > 0) {
    return (
      <EmptyState title="No samples to show">
        <p className="muted">
          {profiles === 1
            ? 'There is a profile here, but it has no samples that could be read. It says why.'
            : `There are ${plural(profiles, 'profile')} here, but none has samples that could be read. Each says why.`}
        </p>
        <button type="button" className="button primary" onClick={() => update({ tab: 'profiles' })}>
          List the profiles
        </button>
      </EmptyState>
    );
  }
  const matching = newest.data?.total ?? 0;
  const startMs = newest.data?.columns.start_ms[0];
  return (
    <EmptyState
      title={state.query && matching === 0 ? 'No profile matches' : 'No profile in this time range'}
    >
      <p className="muted">
        {startMs !== undefined
          ? `At other times there are ${plural(matching, 'profile')}, the newest from ${formatAgo(startMs, nowMs)} (${formatTimeShort(startMs, nowMs)}).`
          : status.data?.profiles !== undefined &&
            `${plural(status.data.profiles, 'profile')} are stored, and none of them matches.`}
      </p>
      <div className="button-row">
        {startMs !== undefined && (
          <button
            type="button"
            className="button primary"
            onClick={() =>
              update({
                from: new Date(startMs - 1_800_000).toISOString(),
                to: new Date(startMs + 1_800_000).toISOString(),
                live: false,
              })
            }
          >
            Show the hour of the newest
          </button>
        )}
        {state.query && (
          <button type="button" className="button" onClick={() => update({ query: '' })}>
            Clear the search
          </button>
        )}
        <button type="button" className="button" onClick={() => update({ from: 'now-7d', to: 'now' })}>
          Look at the past week
        </button>
      </div>
    </EmptyState>
  );
}
