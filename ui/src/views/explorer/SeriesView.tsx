import { useState } from 'react';

import type { Scope } from '../../api/queries.ts';
import type { SeriesBody } from '../../api/types.ts';
import { dimensionName, groupName } from '../../model/dimension.ts';
import { formatTime, formatValue } from '../../model/format.ts';
import { lineStyle, seriesStats } from '../../model/series-stats.ts';
import type { Narrowing } from '../../model/narrow.ts';
import { LINES, type ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Segmented } from '../../widgets/Segmented.tsx';
import { Busy, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { FilterChips } from '../pane/FilterChips.tsx';
import { ChartMeasureMenu } from './ChartMeasureMenu.tsx';
import { DimensionMenu } from '../pane/DimensionMenu.tsx';
import { SeriesPlot } from './SeriesPlot.tsx';
import { useChart } from './use-chart.ts';
import './series-view.css';

interface SeriesViewProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
}

/** One large chart with a line for each group, and what each comes to. */
export function SeriesView({ scope, state, update }: SeriesViewProps) {
  const { series, body, question, filters, onFilters, onMeasure, onGroupBy, onNarrow, onBrush } = useChart(
    scope,
    state,
    update,
    state.lines,
    true,
  );
  const [cursor, setCursor] = useState<number | null>(null);
  const [focused, setFocused] = useState<number | null>(null);
  return (
    <div className="series-view">
      <div className="pane-bar">
        <ChartMeasureMenu scope={scope} measure={state.measure} onMeasure={onMeasure} />
        <span className="muted">by</span>
        <DimensionMenu
          label="Chart by"
          scope={scope}
          question={question}
          chosen={[state.groupBy]}
          onChoose={onGroupBy}
        />
        <label className="inline-select">
          <span className="muted">the largest</span>
          <select
            aria-label="Lines"
            value={state.lines}
            onChange={(event) => update({ lines: Number(event.target.value) })}
          >
            {LINES.map((count) => (
              <option key={count}>{count}</option>
            ))}
          </select>
        </label>
        <FilterChips filters={filters} onFilters={onFilters} />
        <div className="pane-bar-end">
          <Segmented
            label="Draw as"
            value={state.stacked ? 'stacked' : 'lines'}
            options={[
              { value: 'lines', label: 'Lines' },
              { value: 'stacked', label: 'Stacked' },
            ]}
            onChange={(shape) => update({ stacked: shape === 'stacked' })}
          />
        </div>
      </div>
      {series.isError && !body ? (
        <ErrorState error={series.error} onRetry={() => void series.refetch()} />
      ) : !body ? (
        <Skeleton lines={12} label="Loading the chart" />
      ) : body.series.length === 0 ? (
        <p className="chart-empty muted">Nothing to plot in this range</p>
      ) : (
        <>
          <div className="series-large">
            <Busy isBusy={series.isFetching && series.isPlaceholderData} />
            <SeriesPlot
              body={body}
              isStacked={state.stacked}
              focused={focused}
              onCursor={setCursor}
              onBrush={onBrush}
            />
          </div>
          <LegendTable
            body={body}
            dimension={state.groupBy}
            cursor={cursor}
            onFocus={setFocused}
            onNarrow={onNarrow}
          />
        </>
      )}
    </div>
  );
}

function LegendTable(props: {
  readonly body: SeriesBody;
  readonly dimension: string;
  readonly cursor: number | null;
  readonly onFocus: (line: number | null) => void;
  readonly onNarrow: (value: string, how: Narrowing) => void;
}) {
  const { body, dimension, cursor, onFocus, onNarrow } = props;
  const format = (value: number | null | undefined): string =>
    value === null || value === undefined ? '–' : formatValue(value, body.unit);
  const cursorMs = cursor === null ? undefined : body.times_ms[cursor];
  return (
    // Scrollable regions must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="series-table" tabIndex={0} role="region" aria-label="Lines of the chart">
      <table>
        <thead>
          <tr>
            <th scope="col">{dimensionName(dimension)}</th>
            <th scope="col" className="number">
              {cursorMs === undefined ? 'At pointer' : formatTime(cursorMs)}
            </th>
            <th scope="col" className="number">
              Last
            </th>
            <th scope="col" className="number">
              Average
            </th>
            <th scope="col" className="number">
              Largest
            </th>
            <th scope="col" className="row-actions">
              <span className="visually-hidden">Exclude</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {body.series.map((each, index) => {
            const isOther = body.other && index === body.series.length - 1;
            const name = isOther ? 'other' : groupName(dimension, each.group);
            const { last, mean, max } = seriesStats(each.values);
            const { color, dash } = lineStyle(index);
            return (
              <tr key={each.group} onPointerEnter={() => onFocus(index)} onPointerLeave={() => onFocus(null)}>
                <th scope="row">
                  <span
                    className="legend-dot"
                    data-series={isOther ? 'other' : color}
                    data-dashed={dash.length > 0 && !isOther}
                  />
                  {isOther ? (
                    <span className="muted">all others together</span>
                  ) : (
                    <button
                      type="button"
                      className="series-name"
                      title={`Show only ${name}`}
                      onFocus={() => onFocus(index)}
                      onBlur={() => onFocus(null)}
                      onClick={() => onNarrow(each.group, 'include')}
                    >
                      {name}
                    </button>
                  )}
                </th>
                <td className="number muted">{cursor === null ? '' : format(each.values[cursor])}</td>
                <td className="number">{format(last)}</td>
                <td className="number">{format(mean)}</td>
                <td className="number">{format(max)}</td>
                <td className="row-actions">
                  {!isOther && (
                    <button
                      type="button"
                      className="icon-button"
                      aria-label={`Exclude ${name}`}
                      title={`Exclude ${name}`}
                      onClick={() => onNarrow(each.group, 'exclude')}
                    >
                      <Icon name="minus" />
                    </button>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
