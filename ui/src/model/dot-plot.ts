/** Profiles as dots: time to the right, a measure upwards. Pure geometry; `MetricChart` draws it. */
export interface Dot {
  readonly timeMs: number;
  readonly value: number;
}

export interface PlotBox {
  readonly width: number;
  readonly height: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** What the top edge stands for; the bottom is zero, or the lowest value where that is below. */
  readonly most: number;
  readonly least: number;
}

/** Dots are drawn round, and half of one must fit between the outermost and the edge. */
const MARGIN = 4;

export function plotBox(
  dots: readonly Dot[],
  size: { readonly width: number; readonly height: number },
  range: { readonly fromMs: number; readonly toMs: number },
): PlotBox {
  let most = 0;
  let least = 0;
  for (const { value } of dots) {
    most = Math.max(most, value);
    least = Math.min(least, value);
  }
  return { ...size, ...range, most: most === least ? least + 1 : most, least };
}

/** The part of a range that there are profiles in, so that those of a young service are not on one heap. */
export function filledRange(
  periods: readonly { readonly startMs: number; readonly endMs: number }[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): { readonly fromMs: number; readonly toMs: number } {
  let first = toMs;
  let last = fromMs;
  for (const { startMs, endMs } of periods) {
    first = Math.min(first, startMs);
    last = Math.max(last, endMs);
  }
  return first >= last ? { fromMs, toMs } : { fromMs: Math.max(fromMs, first), toMs: Math.min(toMs, last) };
}

export function xOf(box: PlotBox, timeMs: number): number {
  const share = (timeMs - box.fromMs) / Math.max(1, box.toMs - box.fromMs);
  return MARGIN + share * (box.width - 2 * MARGIN);
}

export function yOf(box: PlotBox, value: number): number {
  const share = (value - box.least) / (box.most - box.least);
  return box.height - MARGIN - share * (box.height - 2 * MARGIN);
}

/** One path for all dots, so that a thousand of them are one element: strokes of no length with round ends. */
export function dotPath(box: PlotBox, dots: readonly Dot[]): string {
  return dots
    .map(({ timeMs, value }) => `M${xOf(box, timeMs).toFixed(1)} ${yOf(box, value).toFixed(1)}h0`)
    .join('');
}

/** The one that somebody points at, if any is near. */
export function nearest<Each extends Dot>(
  box: PlotBox,
  dots: readonly Each[],
  x: number,
  y: number,
  within = 24,
): Each | undefined {
  let found: Each | undefined;
  let best = within * within;
  for (const dot of dots) {
    const distance = (xOf(box, dot.timeMs) - x) ** 2 + (yOf(box, dot.value) - y) ** 2;
    if (distance <= best) {
      best = distance;
      found = dot;
    }
  }
  return found;
}

export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
