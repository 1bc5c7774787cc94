import { lazy, Suspense, useEffect, useState } from 'react';

import { ApiError } from '../../api/client.ts';
import { useFacetsOf } from '../../api/explore.ts';
import { scopeOf } from '../../api/queries.ts';
import { formatCompact } from '../../model/format.ts';
import { withoutMeasures } from '../../model/measure-range.ts';
import { isQueryMistake } from '../../model/query-mistake.ts';
import type { ExplorerTab, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Drawer } from '../../widgets/Drawer.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import { EmptyState, ErrorState } from '../../widgets/State.tsx';
import { Tabs } from '../../widgets/Tabs.tsx';
import { NARROW, useMediaQuery } from '../../widgets/use-media-query.ts';
import { CompareMenu } from '../compare/CompareMenu.tsx';
import { FacetPanel } from './FacetPanel.tsx';
import { ScopeBar } from './ScopeBar.tsx';
import { SearchBox } from './SearchBox.tsx';
import { SeriesChart } from './SeriesChart.tsx';
import { TimeRangePicker } from './TimeRangePicker.tsx';
import { FocusBar } from '../timeline/FocusBar.tsx';
import { TopBar, type AppActions } from '../TopBar.tsx';
import { Visualization } from './Visualization.tsx';
import { useFacetChoice } from './use-facet-choice.ts';

// A scope without profiles is the exception.
const NothingInScope = lazy(async () => {
  const { NothingInScope: component } = await import('./NothingInScope.tsx');
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

  const whenEmpty = (
    <Suspense fallback={null}>
      <NothingInScope state={state} update={update} profiles={profiles ?? 0} />
    </Suspense>
  );
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
                    { value: 'graph', label: 'Call graph' },
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
                <FocusBar state={state} update={update} />
                <div id={panelId} className="tab-panel" role="tabpanel" aria-labelledby={`${panelId}-${tab}`}>
                  <Visualization
                    tab={tab}
                    scope={scope}
                    state={state}
                    update={update}
                    whenEmpty={whenEmpty}
                  />
                </div>
              </section>
            </>
          )}
        </main>
      </div>
    </div>
  );
}
