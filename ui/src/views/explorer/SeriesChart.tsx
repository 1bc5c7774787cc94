import { lazy, Suspense, useState } from 'react';

import { useSeries, type Scope } from '../../api/queries.ts';
import type { SeriesBody } from '../../api/types.ts';
import { formatValue } from '../../model/format.ts';
import { MEASURES, type ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Busy, ErrorState } from '../../widgets/State.tsx';

// uPlot comes with the first chart, not with the page.
const SeriesPlot = lazy(async () => {
  const { SeriesPlot: component } = await import('./SeriesPlot.tsx');
  return { default: component };
});

export const MEASURE_NAMES: Record<string, string> = {
  cpu_cores: 'CPU cores',
  wall_cores: 'Wall time',
  alloc_bytes_per_second: 'Allocation rate',
  samples: 'Samples',
  profiles: 'Profiles',
};

const GROUPS = ['service', 'env', 'version', 'host', 'language'] as const;

interface SeriesChartProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  readonly onGroup: (key: string, value: string) => void;
}

export function SeriesChart({ scope, state, update, onGroup }: SeriesChartProps) {
  const series = useSeries(scope, state.measure, state.groupBy);
  const [cursor, setCursor] = useState<number | null>(null);
  const body = series.data;
  const groups: readonly string[] = (GROUPS as readonly string[]).includes(state.groupBy)
    ? GROUPS
    : [...GROUPS, state.groupBy];
  return (
    <section className="chart card" aria-label="Time series">
      <header className="chart-header">
        <label className="inline-select">
          <span className="visually-hidden">Measure</span>
          <select
            className="strong"
            value={state.measure}
            onChange={(event) => update({ measure: event.target.value })}
          >
            {MEASURES.map((measure) => (
              <option key={measure} value={measure}>
                {MEASURE_NAMES[measure]}
              </option>
            ))}
          </select>
        </label>
        <label className="inline-select">
          <span className="muted">by</span>
          <select
            aria-label="Group by"
            value={state.groupBy}
            onChange={(event) => update({ groupBy: event.target.value })}
          >
            {groups.map((group) => (
              <option key={group}>{group}</option>
            ))}
          </select>
        </label>
        {body && <Legend body={body} cursor={cursor} onGroup={(value) => onGroup(state.groupBy, value)} />}
      </header>
      <div className="chart-plot">
        <Busy isBusy={series.isFetching && series.isPlaceholderData} />
        {series.isError && !body ? (
          <ErrorState error={series.error} onRetry={() => void series.refetch()} />
        ) : body && body.series.length > 0 ? (
          <Suspense fallback={null}>
            <SeriesPlot
              body={body}
              onCursor={setCursor}
              onBrush={(fromMs, toMs) =>
                update({
                  from: new Date(fromMs).toISOString(),
                  to: new Date(toMs).toISOString(),
                  live: false,
                })
              }
            />
          </Suspense>
        ) : (
          body && <p className="chart-empty muted">Nothing to plot in this range</p>
        )}
      </div>
    </section>
  );
}

function Legend(props: {
  readonly body: SeriesBody;
  readonly cursor: number | null;
  readonly onGroup: (value: string) => void;
}) {
  const { body, cursor, onGroup } = props;
  return (
    <ul className="legend">
      {body.series.map((each, index) => {
        const isOther = body.other && index === body.series.length - 1;
        const value = cursor === null ? undefined : each.values[cursor];
        return (
          <li key={each.group}>
            <button
              type="button"
              className="legend-item"
              disabled={isOther}
              title={isOther ? 'All other groups together' : `Show only ${each.group}`}
              onClick={() => onGroup(each.group)}
            >
              <span className="legend-dot" data-series={isOther ? 'other' : (index % 8) + 1} />
              <span>{each.group || '(none)'}</span>
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
