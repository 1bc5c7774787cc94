import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';

import { ApiError } from '../../api/client.ts';
import { useFacetsOf } from '../../api/explore.ts';
import { scopeOf, useNewestProfile, useStatus } from '../../api/queries.ts';
import { formatAgo, formatCompact, formatTimeShort, plural } from '../../model/format.ts';
import { withoutMeasures } from '../../model/measure-range.ts';
import { isQueryMistake } from '../../model/query-mistake.ts';
import type { ExplorerTab, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { useNow } from '../../state/use-now.ts';
import { Drawer } from '../../widgets/Drawer.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import { EmptyState, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { Tabs } from '../../widgets/Tabs.tsx';
import { NARROW, useMediaQuery } from '../../widgets/use-media-query.ts';
import { CompareMenu } from '../compare/CompareMenu.tsx';
import { FacetPanel } from './FacetPanel.tsx';
import { FlamePane } from '../pane/FlamePane.tsx';
import { Onboarding } from '../Onboarding.tsx';
import { ProfilesTable } from './ProfilesTable.tsx';
import { ScopeBar } from './ScopeBar.tsx';
import { SearchBox } from './SearchBox.tsx';
import { SeriesChart } from './SeriesChart.tsx';
import { TimeRangePicker } from './TimeRangePicker.tsx';
import { TopBar, type AppActions } from '../TopBar.tsx';
import { useFacetChoice } from './use-facet-choice.ts';

// Each of the others comes when it is first looked at.
const SeriesView = lazy(async () => {
  const { SeriesView: component } = await import('./SeriesView.tsx');
  return { default: component };
});

const TimelinePane = lazy(async () => {
  const { TimelinePane: component } = await import('../timeline/TimelinePane.tsx');
  return { default: component };
});

const TopList = lazy(async () => {
  const { TopList: component } = await import('./TopList.tsx');
  return { default: component };
});

const TableView = lazy(async () => {
  const { TableView: component } = await import('./TableView.tsx');
  return { default: component };
});

interface ExplorerProps {
  readonly state: ViewState;
  readonly update: Update;
  readonly actions: AppActions;
}

export function Explorer({ state, update, actions }: ExplorerProps) {
  const scope = scopeOf(state);
  const isNarrow = useMediaQuery(NARROW);
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const choice = useFacetChoice(state.query);
  // How many profiles there are is always shown; the values of tags only where there is room for them.
  const facets = useFacetsOf(scope, isNarrow && !isDrawerOpen ? ['service'] : choice.openKeys);
  const tab = state.tab as ExplorerTab;
  const profiles = facets.data?.profiles;
  const isEmpty = profiles === 0;
  // A question the server cannot read would fail the same way everywhere: say so once.
  const mistake = facets.error instanceof ApiError && facets.error.status === 400 ? facets.error : null;
  const searchMistake = mistake && isQueryMistake(mistake.message) ? mistake : null;

  useEffect(() => {
    document.title = state.query ? `${state.query} · Vesta` : 'Vesta';
  }, [state.query]);

  const whenEmpty = <Nothing state={state} update={update} />;
  const onQuery = (query: string): void => update({ query, zoom: [], expanded: [] });
  const measureScope = scopeOf({ ...state, query: mistake ? '' : withoutMeasures(state.query) });
  const facetPanel = (
    <FacetPanel
      scope={scope}
      measureScope={measureScope}
      query={state.query}
      choice={choice}
      facets={facets}
      onQuery={onQuery}
    />
  );
  const scopeBar = (
    <ScopeBar query={state.query} profiles={profiles} onQuery={onQuery}>
      {isNarrow && (
        <button
          type="button"
          className="button"
          aria-haspopup="dialog"
          aria-expanded={isDrawerOpen}
          onClick={() => setDrawerOpen(true)}
        >
          <Icon name="filter" />
          Filters
        </button>
      )}
      <CompareMenu scope={scope} />
    </ScopeBar>
  );
  const panelId = 'explorer-panel';
  return (
    <div className="page">
      <TopBar actions={actions}>
        <SearchBox
          query={state.query}
          scope={mistake ? scopeOf({ ...state, query: '' }) : scope}
          measureScope={measureScope}
          mistake={searchMistake}
          onSearch={onQuery}
        />
        <TimeRangePicker
          range={state}
          isLive={state.live}
          onRange={(range) => update({ ...range, live: state.live && range.to === 'now' })}
          onLive={(live) => update({ live })}
        />
      </TopBar>
      <div className="explorer">
        {!isNarrow && (
          <aside className="facets" aria-label="Facets">
            {!mistake && facetPanel}
          </aside>
        )}
        {isNarrow && isDrawerOpen && (
          <Drawer title="Filters" onClose={() => setDrawerOpen(false)}>
            {facetPanel}
          </Drawer>
        )}
        <main className="explorer-main">
          <h1 className="visually-hidden">Profiles</h1>
          {searchMistake ? (
            <EmptyState title="The search cannot be read">
              <p className="muted">Mend it where it is marked, or take it away.</p>
              <button type="button" className="button" onClick={() => onQuery('')}>
                Clear the search
              </button>
            </EmptyState>
          ) : mistake ? (
            <ErrorState error={mistake} onRetry={() => void facets.refetch()} />
          ) : isEmpty ? (
            <>
              {state.query !== '' && scopeBar}
              {whenEmpty}
            </>
          ) : (
            <>
              {scopeBar}
              {tab !== 'series' && <SeriesChart scope={scope} state={state} update={update} />}
              <section className="card explorer-card">
                <Tabs<ExplorerTab>
                  label="Show as"
                  value={tab}
                  panelId={panelId}
                  tabs={[
                    { value: 'flame', label: 'Flame graph' },
                    { value: 'top', label: 'Top list' },
                    { value: 'series', label: 'Time series' },
                    { value: 'table', label: 'Table' },
                    { value: 'timeline', label: 'Timeline' },
                    {
                      value: 'profiles',
                      label: (
                        <>
                          Profiles
                          {profiles !== undefined && (
                            <span className="tab-count">{formatCompact(profiles)}</span>
                          )}
                        </>
                      ),
                    },
                  ]}
                  onChange={(next) => update({ tab: next })}
                />
                <div id={panelId} className="tab-panel" role="tabpanel" aria-labelledby={`${panelId}-${tab}`}>
                  {tab === 'series' ? (
                    <Suspense fallback={<Skeleton lines={12} label="Loading the chart" />}>
                      <SeriesView scope={scope} state={state} update={update} />
                    </Suspense>
                  ) : tab === 'top' ? (
                    <Suspense fallback={<Skeleton lines={16} label="Loading the list" />}>
                      <TopList scope={scope} state={state} update={update} whenEmpty={whenEmpty} />
                    </Suspense>
                  ) : tab === 'table' ? (
                    <Suspense fallback={<Skeleton lines={14} label="Loading the table" />}>
                      <TableView scope={scope} state={state} update={update} whenEmpty={whenEmpty} />
                    </Suspense>
                  ) : tab === 'timeline' ? (
                    <Suspense fallback={<Skeleton lines={12} label="Loading the timeline" />}>
                      <TimelinePane scope={scope} state={state} update={update} />
                    </Suspense>
                  ) : tab === 'profiles' ? (
                    <ProfilesTable scope={scope} state={state} update={update} whenEmpty={whenEmpty} />
                  ) : (
                    <FlamePane
                      scope={scope}
                      state={state}
                      update={update}
                      mode="flame"
                      whenEmpty={whenEmpty}
                    />
                  )}
                </div>
              </section>
            </>
          )}
        </main>
      </div>
    </div>
  );
}

/** Nothing in scope: either nothing was ever received, or the scope is the reason. */
function Nothing({ state, update }: { readonly state: ViewState; readonly update: Update }) {
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
