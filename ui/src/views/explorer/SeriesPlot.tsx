import { useEffect, useLayoutEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import type { SeriesBody } from '../../api/types.ts';
import { formatRound, formatTick } from '../../model/format.ts';
import { lineStyle, stacked } from '../../model/series-stats.ts';
import { onColorsChange } from '../../state/theme.ts';

interface SeriesPlotProps {
  readonly body: SeriesBody;
  /** Lines on top of each other, filled. */
  readonly isStacked?: boolean;
  /** The line to bring out. */
  readonly focused?: number | null;
  readonly onCursor: (index: number | null) => void;
  readonly onBrush: (fromMs: number, toMs: number) => void;
}

/** Drag to look closer; the legend shows the values under the pointer. */
export function SeriesPlot({ body, isStacked = false, focused = null, onCursor, onBrush }: SeriesPlotProps) {
  const ref = useRef<HTMLDivElement>(null);
  const plotRef = useRef<uPlot | null>(null);
  const callbacks = useRef({ onCursor, onBrush });
  useEffect(() => {
    callbacks.current = { onCursor, onBrush };
  });

  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    let plot = create(element);
    plotRef.current = plot;
    const stopColors = onColorsChange(() => {
      plot.destroy();
      plot = create(element);
      plotRef.current = plot;
    });
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => {
      stopColors();
      observer.disconnect();
      plot.destroy();
    };

    function create(parent: HTMLElement): uPlot {
      const options = optionsFor(
        body,
        isStacked,
        parent,
        (index) => callbacks.current.onCursor(index),
        (fromMs, toMs) => callbacks.current.onBrush(fromMs, toMs),
      );
      const times = body.times_ms.map((ms) => ms / 1000);
      const values = body.series.map((each) => each.values);
      return new uPlot(options, [times, ...(isStacked ? stacked(values) : values)], parent);
    }
  }, [body, isStacked]);

  useEffect(() => {
    plotRef.current?.setSeries(focused === null ? null : focused + 1, { focus: true });
  }, [focused]);

  return <div className="series-plot" ref={ref} aria-hidden="true" />;
}

/** Sizes are read in KiB and MiB, so their axis has steps of powers of two. */
const BINARY_STEPS = Array.from({ length: 60 }, (_, power) => 2 ** power);

function optionsFor(
  body: SeriesBody,
  isStacked: boolean,
  parent: HTMLElement,
  onCursor: (index: number | null) => void,
  onBrush: (fromMs: number, toMs: number) => void,
): uPlot.Options {
  const style = getComputedStyle(parent);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const font = `11px ${style.fontFamily}`;
  const axis: uPlot.Axis = {
    stroke: color('--text-muted'),
    font,
    grid: { stroke: color('--border'), width: 1 },
    ticks: { show: false },
    gap: 6,
  };
  const { times_ms: times } = body;
  const lengthMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return {
    width: parent.clientWidth,
    height: parent.clientHeight,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 6, width: 0 },
      drag: { x: true, y: false, setScale: false },
    },
    scales: {
      x: { time: true },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 80,
        size: 24,
        values: (_plot, ticks) => ticks.map((tick) => formatTick(tick * 1000, lengthMs)),
      },
      {
        ...axis,
        space: 34,
        ...(body.unit.startsWith('bytes') && { incrs: BINARY_STEPS }),
        size: (_plot, texts) => 16 + 6.4 * Math.max(7, ...(texts ?? []).map((text) => text.length)),
        values: (_plot, ticks) => ticks.map((tick) => (tick === 0 ? '0' : formatRound(tick, body.unit))),
      },
    ],
    focus: { alpha: 0.25 },
    bands: isStacked
      ? body.series.slice(1).map((_, index): uPlot.Band => ({ series: [index + 2, index + 1] }))
      : [],
    series: [
      {},
      ...body.series.map((each, index): uPlot.Series => {
        const isOther = body.other && index === body.series.length - 1;
        const { color: hue, dash } = lineStyle(index);
        const stroke = color(isOther ? '--series-other' : `--series-${hue}`);
        return {
          label: each.group,
          stroke,
          // Bands leave out what belongs to the line below. Tokens of series are `#rrggbb`.
          ...(isStacked && { fill: `${stroke}73` }),
          dash: isOther || isStacked ? [] : [...dash],
          width: isStacked ? 1 : 1.5,
          spanGaps: false,
          points: { show: true, size: 4, filter: (_plot, _series, _show) => lonely(each.values) },
        };
      }),
    ],
    hooks: {
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          onBrush(
            Math.round(plot.posToVal(left, 'x') * 1000),
            Math.round(plot.posToVal(left + width, 'x') * 1000),
          );
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** Values without a neighbor, which a line cannot show. */
export function lonely(values: readonly (number | null)[]): number[] {
  const isThere = (index: number): boolean => typeof values[index] === 'number';
  return values.flatMap((_, index) =>
    isThere(index) && !isThere(index - 1) && !isThere(index + 1) ? [index] : [],
  );
}
