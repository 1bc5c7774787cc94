import { at } from '../model/call-tree.ts';
import { clockTicks, relativeTicks, tickStep } from '../model/timeline-axis.ts';
import {
  clampView,
  wholeOf,
  zoomAbout,
  type EventId,
  type OffsetMs,
  type Row,
  type Timeline,
  type View,
} from '../model/timeline.ts';
import { DisplayList, type CssPixels, type Frame } from './display-list.ts';
import { paint } from './paint.ts';
import type { TimelinePalette } from './palette.ts';

const LEAST_ROW: CssPixels = 24;
const LARGEST_ROW: CssPixels = 44;
/** Between two rows. */
const GAP: CssPixels = 6;
export const AXIS_HEIGHT: CssPixels = 34;
export const OVERVIEW_HEIGHT: CssPixels = 34;
const TICK_SPACING: CssPixels = 96;
const ZOOM_MS = 160;

export interface Canvases {
  readonly axis: HTMLCanvasElement;
  readonly overview: HTMLCanvasElement;
  readonly lanes: HTMLCanvasElement;
}

/** What is shown, apart from where. */
export interface Scene {
  readonly timeline: Timeline;
  readonly rows: readonly Row[];
  readonly rowHeight: CssPixels;
  /** All lanes as one row, for the overview. */
  readonly whole: Row;
  /** Index of the only state to show, or -1. */
  readonly only: number;
  readonly isChosen: (row: Row) => boolean;
}

/**
 * The painted timeline: the time axis, the overview of all of it, and the lanes that are scrolled into view. Knows
 * nothing of React; paints at most once per animation frame.
 */
export class TimelineSurface {
  private scene: Scene;
  private view: View;
  private palette: TimelinePalette | undefined;
  private width: CssPixels = 0;
  private height: CssPixels = 0;
  private readonly list = new DisplayList();
  private readonly canvases: Canvases;
  private readonly scroller: HTMLElement;
  private readonly onPaint: () => void;
  private scheduled = 0;
  private isOverviewStale = true;
  private motion: { from: View; to: View; startedMs: number } | undefined;

  constructor(canvases: Canvases, scroller: HTMLElement, scene: Scene, view: View, onPaint: () => void) {
    this.canvases = canvases;
    this.scroller = scroller;
    this.scene = scene;
    this.view = clampView(scene.timeline, view);
    this.onPaint = onPaint;
  }

  destroy(): void {
    cancelAnimationFrame(this.scheduled);
  }

  setScene(scene: Scene): void {
    const before = this.scene.timeline;
    this.scene = scene;
    const { timeline } = scene;
    // A refreshed timeline begins later: what is in view stays. What was in view in full stays in full.
    const isWhole = this.view.length >= before.lengthMs * 0.9999;
    const start = this.view.start + before.fromMs - timeline.fromMs;
    if (timeline !== before) this.motion = undefined;
    this.view = clampView(timeline, isWhole ? wholeOf(timeline) : { start, length: this.view.length });
    this.isOverviewStale = true;
    this.requestPaint();
  }

  setPalette(palette: TimelinePalette): void {
    this.palette = palette;
    this.isOverviewStale = true;
    this.requestPaint();
  }

  /** `width` is that of the time axis, `height` that of the lanes in view. */
  resize(width: CssPixels, height: CssPixels): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    const { axis, overview, lanes } = this.canvases;
    size(axis, width, AXIS_HEIGHT);
    size(overview, width, OVERVIEW_HEIGHT);
    size(lanes, width, height);
    this.isOverviewStale = true;
    // A resized canvas is blank: waiting for the next frame would flash.
    this.paintNow();
  }

  currentView(): View {
    return this.view;
  }

  /** Where it is going, if it is on the move. */
  targetView(): View {
    return this.motion?.to ?? this.view;
  }

  show(view: View, animate: boolean): void {
    const to = clampView(this.scene.timeline, view);
    if (animate) this.motion = { from: this.view, to, startedMs: performance.now() };
    else {
      this.motion = undefined;
      this.view = to;
    }
    this.requestPaint();
  }

  zoomAt(x: CssPixels, wheelDelta: number): void {
    this.show(zoomAbout(this.scene.timeline, this.view, x / this.width, wheelDelta), false);
  }

  panBy(deltaX: CssPixels): void {
    const start = this.view.start + (deltaX / this.width) * this.view.length;
    this.show({ start, length: this.view.length }, false);
  }

  /** Brings an event into view, without changing the zoom where it can already be seen. */
  reveal(event: EventId, rowIndex: number, animate: boolean): void {
    const { timeline } = this.scene;
    const target = this.targetView();
    const start = at(timeline.starts, event);
    const end = at(timeline.ends, event);
    const isVisible = end > target.start && start < target.start + target.length;
    if (!isVisible) {
      const length = Math.min(Math.max(target.length, (end - start) * 1.5), timeline.lengthMs);
      this.show({ start: (start + end) / 2 - length / 2, length }, animate);
    }
    this.revealRow(rowIndex);
  }

  revealRow(rowIndex: number): void {
    const { rowHeight } = this.scene;
    const top = rowIndex * rowHeight;
    const { scrollTop } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + rowHeight > scrollTop + this.height)
      this.scroller.scrollTop = top + rowHeight - this.height;
  }

  timeAt(x: CssPixels): OffsetMs {
    return this.view.start + (x / this.width) * this.view.length;
  }

  xOf(time: OffsetMs): CssPixels {
    return ((time - this.view.start) / this.view.length) * this.width;
  }

  /** How much time one pixel is. */
  pixelMs(): number {
    return this.view.length / Math.max(this.width, 1);
  }

  rowAt(y: CssPixels): number {
    return Math.floor((y + this.scroller.scrollTop) / this.scene.rowHeight);
  }

  requestPaint(): void {
    if (this.scheduled !== 0) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.paintNow();
    });
  }

  private paintNow(): void {
    // Opaque: blending a million pixels per frame costs more than painting them.
    const context = this.canvases.lanes.getContext('2d', { alpha: false });
    const { palette, scene } = this;
    if (!context || !palette || this.width <= 0) return;
    if (this.motion) {
      const { from, to, startedMs } = this.motion;
      const progress = Math.min(Math.max((performance.now() - startedMs) / ZOOM_MS, 0), 1);
      const eased = 1 - (1 - progress) ** 3;
      this.view = {
        start: from.start + (to.start - from.start) * eased,
        length: from.length + (to.length - from.length) * eased,
      };
      if (progress >= 1) {
        this.view = to;
        this.motion = undefined;
      } else this.requestPaint();
    }
    const { start, length } = this.view;
    const step = tickStep(length, this.width, TICK_SPACING);
    const ticks = relativeTicks(start, length, step);
    const frame: Frame = {
      view: this.view,
      width: this.width,
      height: this.height,
      scrollTop: this.scroller.scrollTop,
      rowHeight: scene.rowHeight,
      barHeight: scene.rowHeight - GAP,
      only: scene.only,
    };
    this.list.fill(scene.timeline, scene.rows, frame);
    paint(context, scene.timeline, scene.rows, this.list, frame, {
      palette,
      pixelRatio: devicePixelRatio,
      grid: ticks.map((tick) => this.xOf(tick.offset)),
      isChosen: scene.isChosen,
    });
    this.paintAxis(palette, step);
    if (this.isOverviewStale) this.paintOverview(palette);
    this.onPaint();
  }

  /** The clock above, the time since the start below. */
  private paintAxis(palette: TimelinePalette, step: number): void {
    const context = this.canvases.axis.getContext('2d', { alpha: false });
    if (!context) return;
    const { start, length } = this.view;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.fillStyle = palette.background;
    context.fillRect(0, 0, this.width, AXIS_HEIGHT);
    context.font = palette.font;
    context.textBaseline = 'middle';
    const lines = [
      [clockTicks(this.scene.timeline.fromMs, start, length, step), 9, palette.axisText, 0],
      [relativeTicks(start, length, step), 25, palette.text, AXIS_HEIGHT / 2],
    ] as const;
    for (const [ticks, y, color, top] of lines) {
      for (const { offset, label } of ticks) {
        const x = Math.round(this.xOf(offset));
        context.fillStyle = palette.line;
        context.fillRect(x, top, 1, AXIS_HEIGHT / 2);
        context.fillStyle = color;
        if (x + 5 + context.measureText(label).width <= this.width) context.fillText(label, x + 5, y);
      }
    }
  }

  private paintOverview(palette: TimelinePalette): void {
    const context = this.canvases.overview.getContext('2d', { alpha: false });
    if (!context) return;
    this.isOverviewStale = false;
    const { timeline, whole, only } = this.scene;
    const frame: Frame = {
      view: { start: 0, length: timeline.lengthMs },
      width: this.width,
      height: OVERVIEW_HEIGHT - 1,
      scrollTop: 0,
      rowHeight: OVERVIEW_HEIGHT,
      barHeight: OVERVIEW_HEIGHT - 4,
      only,
    };
    const list = new DisplayList();
    list.fill(timeline, [whole], frame);
    paint(context, timeline, [whole], list, frame, {
      palette,
      pixelRatio: devicePixelRatio,
      grid: [],
      isChosen: () => true,
    });
  }
}

/** Few lanes are drawn taller, so that how busy they are is told more finely. */
export function rowHeightFor(rows: number, height: CssPixels): CssPixels {
  return Math.min(Math.max(Math.floor(height / Math.max(rows, 1)), LEAST_ROW), LARGEST_ROW);
}

function size(canvas: HTMLCanvasElement, width: CssPixels, height: CssPixels): void {
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}
