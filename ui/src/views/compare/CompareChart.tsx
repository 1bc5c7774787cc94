import { lazy, Suspense, useState } from 'react';

import { scopeOfSide } from '../../api/compare.ts';
import { useChart } from '../../api/explore.ts';
import { useProfile } from '../../api/queries.ts';
import { chartRange, resolveMs } from '../../model/compare-scopes.ts';
import { formatTimeShort, formatValue } from '../../model/format.ts';
import { measureName } from '../../model/measure-name.ts';
import { quoted } from '../../model/query-text.ts';
import { MEASURES, type Side } from '../../state/url.ts';
import { Segmented } from '../../widgets/Segmented.tsx';
import type { Band, Line } from './ComparePlot.tsx';

// uPlot comes with the first chart, not with the page.
const ComparePlot = lazy(async () => {
  const { ComparePlot: component } = await import('./ComparePlot.tsx');
  return { default: component };
});

interface CompareChartProps {
  readonly a: Side;
  readonly b: Side;
  readonly nowMs: number;
  /** A measure, or `type:NAME`, as in any chart. */
  readonly measure: string;
  readonly onMeasure: (measure: string) => void;
  readonly onRange: (name: 'a' | 'b', range: { from: string; to: string }) => void;
}

/** Both sides over time. What is dragged over becomes the range of the side that is being picked. */
export function CompareChart({ a, b, nowMs, measure, onMeasure, onRange }: CompareChartProps) {
  const [picking, setPicking] = useState<'a' | 'b'>('b');
  const [cursor, setCursor] = useState<number | null>(null);
  const [inA, inB] = [useTimed(a, nowMs), useTimed(b, nowMs)];
  const spanned = chartRange([inA, inB], nowMs);
  const range = {
    from: new Date(spanned.fromMs).toISOString(),
    to: new Date(spanned.toMs).toISOString(),
  };
  const isOne = inA.query === inB.query;
  const seriesA = useChart(scopeOfSide({ ...inA.side, query: inA.query, ...range }), measure, '', 1, []);
  const seriesB = useChart(scopeOfSide({ ...inB.side, query: inB.query, ...range }), measure, '', 1, []);
  const times = seriesB.data?.times_ms ?? [];
  const lines: Line[] = [
    ...(isOne ? [] : [{ side: 'a' as const, values: valuesOf(seriesA.data) }]),
    { side: isOne ? 'both' : 'b', values: valuesOf(seriesB.data) },
  ];
  const bands: Band[] = [
    { side: 'a', fromMs: inA.fromMs, toMs: inA.toMs },
    { side: 'b', fromMs: inB.fromMs, toMs: inB.toMs },
  ];
  const unit = seriesB.data?.unit ?? '';
  return (
    <section className="card compare-chart" aria-label="Both sides over time">
      <header className="chart-header">
        <label className="inline-select">
          <span className="visually-hidden">Measure</span>
          <select className="strong" value={measure} onChange={(event) => onMeasure(event.target.value)}>
            {[...new Set<string>([...MEASURES, measure])].map((each) => (
              <option key={each} value={each}>
                {measureName(each).label}
              </option>
            ))}
          </select>
        </label>
        <span className="compare-chart-values">
          {cursor !== null && times[cursor] !== undefined && (
            <>
              <span className="muted">{formatTimeShort(times[cursor], nowMs)}</span>
              {lines.map((line) => {
                const value = line.values[cursor];
                return (
                  <span key={line.side} className="strong" data-side={line.side}>
                    {line.side === 'both' ? '' : `${line.side.toUpperCase()} `}
                    {value === null || value === undefined ? '–' : formatValue(value, unit)}
                  </span>
                );
              })}
            </>
          )}
        </span>
        <span className="compare-picking">
          <span className="muted">Drag to pick</span>
          <Segmented<'a' | 'b'>
            label="Side that dragging picks the range of"
            value={picking}
            options={[
              { value: 'a', label: 'A' },
              { value: 'b', label: 'B' },
            ]}
            onChange={setPicking}
          />
        </span>
      </header>
      <div className="chart-plot">
        {times.length > 0 && lines.some((line) => line.values.some((value) => value !== null)) ? (
          <Suspense fallback={null}>
            <ComparePlot
              timesMs={times}
              fromMs={spanned.fromMs}
              toMs={spanned.toMs}
              unit={unit}
              lines={lines}
              bands={bands}
              onCursor={setCursor}
              onBrush={(fromMs, toMs) =>
                onRange(picking, {
                  from: new Date(fromMs).toISOString(),
                  to: new Date(toMs).toISOString(),
                })
              }
            />
          </Suspense>
        ) : (
          seriesB.data && <p className="chart-empty muted">Nothing to plot around these ranges</p>
        )}
      </div>
    </section>
  );
}

/** When a side is, and what it is a part of: the chart of a profile shows its service. */
function useTimed(side: Side, nowMs: number) {
  const profile = useProfile(side.profile, scopeOfSide(side));
  const body = profile.data;
  if (side.profile) {
    const startMs = body?.start_ms ?? nowMs - 60_000;
    return {
      side: { ...side, profile: '' },
      query: body ? `service:${quoted(body.service)}${body.env ? ` env:${quoted(body.env)}` : ''}` : '',
      fromMs: startMs,
      toMs: body?.end_ms ?? nowMs,
    };
  }
  return {
    side,
    query: side.query.trim(),
    fromMs: resolveMs(side.from, nowMs),
    toMs: resolveMs(side.to, nowMs),
  };
}

function valuesOf(body: { series: { values: (number | null)[] }[] } | undefined): (number | null)[] {
  return body?.series[0]?.values ?? [];
}
