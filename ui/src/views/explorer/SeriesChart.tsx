import { lazy, Suspense, useState } from 'react';

import type { Scope } from '../../api/queries.ts';
import type { SeriesBody } from '../../api/types.ts';
import { groupName } from '../../model/dimension.ts';
import { formatValue } from '../../model/format.ts';
import { chartName } from '../../model/measure-name.ts';
import { lineStyle } from '../../model/series-stats.ts';
import type { Tab, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Busy, ErrorState } from '../../widgets/State.tsx';
import { FilterChips } from '../pane/FilterChips.tsx';
import { ChartMeasureMenu } from './ChartMeasureMenu.tsx';
import { DimensionMenu } from '../pane/DimensionMenu.tsx';
import { useChart } from './use-chart.ts';

// uPlot comes with the first chart, not with the page.
const SeriesPlot = lazy(async () => {
  const { SeriesPlot: component } = await import('./SeriesPlot.tsx');
  return { default: component };
});

/** More than these are better told apart in the large chart. */
const LINES = 8;

/** Tabs that show the label filters below the chart, which are the same. */
const SHOW_FILTERS: readonly Tab[] = ['flame', 'graph', 'top'];

interface SeriesChartProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
}

/** How the scope went, above what it consists of. Folded away it asks for nothing. */
export function SeriesChart({ scope, state, update }: SeriesChartProps) {
  const isOpen = state.chart;
  const { series, body, question, filters, onFilters, onMeasure, onGroupBy, onNarrow, onBrush } = useChart(
    scope,
    state,
    update,
    LINES,
    isOpen,
  );
  const [cursor, setCursor] = useState<number | null>(null);
  return (
    <section className="chart card" aria-label="Time series" data-open={isOpen}>
      <header className="chart-header">
        <button
          type="button"
          className="icon-button chart-fold"
          aria-expanded={isOpen}
          aria-label={isOpen ? 'Fold the chart' : 'Unfold the chart'}
          title={isOpen ? 'Fold the chart' : 'Unfold the chart'}
          onClick={() => update({ chart: !isOpen })}
        >
          <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
        </button>
        {isOpen ? (
          <>
            <ChartMeasureMenu scope={scope} measure={state.measure} onMeasure={onMeasure} />
            <span className="muted">by</span>
            <DimensionMenu
              label="Chart by"
              scope={scope}
              question={question}
              chosen={[state.groupBy]}
              onChoose={onGroupBy}
            />
            {!SHOW_FILTERS.includes(state.tab) && <FilterChips filters={filters} onFilters={onFilters} />}
          </>
        ) : (
          <span className="muted">{chartName(state.measure)} over time</span>
        )}
        {body && (
          <Legend
            body={body}
            dimension={state.groupBy}
            cursor={cursor}
            onGroup={(value) => onNarrow(value, 'include')}
          />
        )}
      </header>
      {isOpen && (
        <div className="chart-plot">
          <Busy isBusy={series.isFetching && series.isPlaceholderData} />
          {series.isError && !body ? (
            <ErrorState error={series.error} onRetry={() => void series.refetch()} />
          ) : body && body.series.length > 0 ? (
            <Suspense fallback={null}>
              <SeriesPlot body={body} onCursor={setCursor} onBrush={onBrush} />
            </Suspense>
          ) : (
            body && <p className="chart-empty muted">Nothing to plot in this range</p>
          )}
        </div>
      )}
    </section>
  );
}

function Legend(props: {
  readonly body: SeriesBody;
  readonly dimension: string;
  readonly cursor: number | null;
  readonly onGroup: (value: string) => void;
}) {
  const { body, dimension, cursor, onGroup } = props;
  return (
    <ul className="legend">
      {body.series.map((each, index) => {
        const isOther = body.other && index === body.series.length - 1;
        const value = cursor === null ? undefined : each.values[cursor];
        const name = isOther ? 'other' : groupName(dimension, each.group);
        return (
          <li key={each.group}>
            <button
              type="button"
              className="legend-item"
              disabled={isOther}
              title={isOther ? 'All others together' : `Show only ${name}`}
              onClick={() => onGroup(each.group)}
            >
              <span className="legend-dot" data-series={isOther ? 'other' : lineStyle(index).color} />
              <span className="legend-name">{name}</span>
              {value !== undefined && (
                <span className="legend-value">{value === null ? '–' : formatValue(value, body.unit)}</span>
              )}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
