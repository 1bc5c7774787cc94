import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { formatRound, formatTick } from '../../model/format.ts';
import { onColorsChange } from '../../state/theme.ts';
import { lonely } from '../explorer/SeriesPlot.tsx';

export interface Line {
  readonly side: 'a' | 'b' | 'both';
  readonly values: readonly (number | null)[];
}

export interface Band {
  readonly side: 'a' | 'b';
  readonly fromMs: number;
  readonly toMs: number;
}

interface ComparePlotProps {
  readonly timesMs: readonly number[];
  /** What is asked about, also where there is no data. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly bands: readonly Band[];
  readonly onCursor: (index: number | null) => void;
  readonly onBrush: (fromMs: number, toMs: number) => void;
}

/** Lines of both sides, with the ranges that are compared behind them. */
export function ComparePlot(props: ComparePlotProps) {
  const ref = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const content = JSON.stringify([
    props.timesMs,
    props.fromMs,
    props.toMs,
    props.unit,
    props.lines,
    props.bands,
  ]);

  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    let plot = create(element);
    const stopColors = onColorsChange(() => {
      plot.destroy();
      plot = create(element);
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
      const { timesMs, lines } = latest.current;
      const data = [timesMs.map((ms) => ms / 1000), ...lines.map((line) => [...line.values])];
      return new uPlot(optionsFor(latest, parent), data as uPlot.AlignedData, parent);
    }
  }, [content]);

  return <div className="series-plot" ref={ref} aria-hidden="true" />;
}

function optionsFor(latest: { readonly current: ComparePlotProps }, parent: HTMLElement): uPlot.Options {
  const { fromMs: startMs, toMs: endMs, unit, lines, bands } = latest.current;
  const style = getComputedStyle(parent);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color('--text-muted'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: color('--border'), width: 1 },
    ticks: { show: false },
    gap: 6,
  };
  const lengthMs = endMs - startMs;
  const drawBands = (plot: uPlot): void => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const { side, fromMs, toMs } of bands) {
      const left = plot.valToPos(fromMs / 1000, 'x', true);
      const width = Math.max(plot.valToPos(toMs / 1000, 'x', true) - left, 3 * devicePixelRatio);
      ctx.fillStyle = color(`--side-${side}-soft`);
      ctx.fillRect(left, bbox.top, width, bbox.height);
      ctx.fillStyle = color(`--side-${side}`);
      // A on the top edge, B on the bottom one, so that ranges that overlap are both seen.
      const thick = 3 * devicePixelRatio;
      ctx.fillRect(left, side === 'a' ? bbox.top : bbox.top + bbox.height - thick, width, thick);
      ctx.font = `600 ${11 * devicePixelRatio}px ${style.fontFamily}`;
      ctx.textBaseline = side === 'a' ? 'top' : 'bottom';
      const y = side === 'a' ? bbox.top + thick * 2.2 : bbox.top + bbox.height - thick * 1.5;
      if (width > 14 * devicePixelRatio) ctx.fillText(side.toUpperCase(), left + 5 * devicePixelRatio, y);
    }
    ctx.restore();
  };
  return {
    width: parent.clientWidth,
    height: parent.clientHeight,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6, width: 0 }, drag: { x: true, y: false, setScale: false } },
    scales: {
      x: { time: true, range: () => [startMs / 1000, endMs / 1000] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.12 : 1] },
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
        space: 30,
        size: (_plot, texts) => 16 + 6.4 * Math.max(7, ...(texts ?? []).map((text) => text.length)),
        values: (_plot, ticks) => ticks.map((tick) => (tick === 0 ? '0' : formatRound(tick, unit))),
      },
    ],
    series: [
      {},
      ...lines.map((line): uPlot.Series => ({
        label: line.side,
        stroke: color(line.side === 'both' ? '--text-muted' : `--side-${line.side}`),
        width: 1.75,
        ...(line.side === 'a' && { dash: [6, 3] }),
        points: { show: true, size: 4, filter: () => lonely(line.values) },
      })),
    ],
    hooks: {
      drawClear: [drawBands],
      setCursor: [(plot) => latest.current.onCursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          latest.current.onBrush(
            Math.round(plot.posToVal(left, 'x') * 1000),
            Math.round(plot.posToVal(left + width, 'x') * 1000),
          );
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        },
      ],
    },
  };
}
