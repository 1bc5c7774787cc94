import { at, type CallTree, type NodeId } from '../model/call-tree.ts';
import type { ColorBy } from '../state/url.ts';
import { DisplayList, hitTest, rowTop, type Frame, type Hit } from './display-list.ts';
import type { Lens } from './lens.ts';
import { paint } from './paint.ts';
import { colorize, type Palette } from './palette.ts';
import { between, clampSpan, isAt, panBy, spanOf, zoomAbout, type CssPixels, type Span } from './viewport.ts';

export const ROW_HEIGHT: CssPixels = 20;
const ZOOM_MS = 180;
const CALLERS_IN_VIEW = 3;

/**
 * The painted flame graph: a canvas of the size of the viewport that sticks to the top of a scrolling container of
 * the height of the tree. Knows nothing of React; paints at most once per animation frame.
 */
export class Surface {
  private tree: CallTree;
  private colors: Uint8Array;
  private colorBy: ColorBy = 'package';
  private lens: Lens | undefined;
  private palette: Palette | undefined;
  private marks: Uint8Array | undefined;
  private upright = false;
  private zoomDepth = 0;
  private span: Span;
  private width: CssPixels = 0;
  private height: CssPixels = 0;
  /** Below what is in view: where the root is, if it is at the bottom. */
  private restBelow: CssPixels = 0;
  private readonly list = new DisplayList();
  private readonly canvas: HTMLCanvasElement;
  private readonly scroller: HTMLElement;
  private readonly onPaint: () => void;
  private scheduled = 0;
  private motion:
    { from: Span; to: Span; fromTop: CssPixels; toTop: CssPixels; startedMs: number } | undefined;

  constructor(canvas: HTMLCanvasElement, scroller: HTMLElement, tree: CallTree, onPaint: () => void) {
    this.canvas = canvas;
    this.scroller = scroller;
    this.onPaint = onPaint;
    this.tree = tree;
    this.colors = colorize(tree);
    this.span = spanOf(tree, 0);
  }

  destroy(): void {
    cancelAnimationFrame(this.scheduled);
  }

  setTree(tree: CallTree, zoomed: NodeId): void {
    if (tree === this.tree) return;
    this.tree = tree;
    this.colors = this.colorsOf(tree);
    this.motion = undefined;
    this.span = spanOf(tree, zoomed);
    this.zoomDepth = at(tree.depths, zoomed);
    this.keepRootInPlace();
    this.requestPaint();
  }

  /** What colors say, and a lens, which says everything by itself. */
  setLook(colorBy: ColorBy, lens: Lens | undefined): void {
    if (colorBy === this.colorBy && lens === this.lens) return;
    this.colorBy = colorBy;
    this.lens = lens;
    this.colors = this.colorsOf(this.tree);
    this.requestPaint();
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.requestPaint();
  }

  setMarks(marks: Uint8Array | undefined): void {
    this.marks = marks;
    this.requestPaint();
  }

  setUpright(upright: boolean): void {
    if (upright === this.upright) return;
    this.upright = upright;
    this.motion = undefined;
    this.scroller.scrollTop = this.topFor(this.zoomDepth);
    this.restBelow = this.below();
    this.requestPaint();
  }

  resize(width: CssPixels, height: CssPixels): void {
    if (width === this.width && height === this.height) return;
    const isFirst = this.height === 0;
    this.width = width;
    this.height = height;
    const ratio = devicePixelRatio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    if (isFirst) this.scroller.scrollTop = this.topFor(this.zoomDepth);
    else this.keepRootInPlace();
    // A resized canvas is blank: waiting for the next frame would flash.
    this.paintNow();
  }

  zoomTo(node: NodeId, animate: boolean): void {
    this.zoomDepth = at(this.tree.depths, node);
    const to = spanOf(this.tree, node);
    if (isAt(this.span, to)) {
      this.requestPaint();
      return;
    }
    this.showSpan(to, animate, this.topFor(this.zoomDepth));
  }

  /** Whether exactly this node fills the width, so that the next click on it should lead out again. */
  isZoomedTo(node: NodeId): boolean {
    return isAt(this.motion?.to ?? this.span, spanOf(this.tree, node));
  }

  zoomAt(x: CssPixels, wheelDelta: number): void {
    this.motion = undefined;
    this.span = zoomAbout(this.tree, this.span, x / this.width, wheelDelta);
    this.requestPaint();
  }

  panBy(deltaX: CssPixels): void {
    this.motion = undefined;
    this.span = panBy(this.tree, this.span, deltaX / this.width);
    this.requestPaint();
  }

  /** Brings a node into view, without changing the zoom where it can already be seen. */
  reveal(node: NodeId): void {
    const own = spanOf(this.tree, node);
    const visible =
      own.start < this.span.start + this.span.length &&
      own.start + own.length > this.span.start &&
      own.length * (this.width / this.span.length) >= 3;
    if (!visible)
      this.showSpan(
        clampSpan(this.tree, { start: own.start - own.length * 2, length: own.length * 5 }),
        true,
      );
    const y = this.yOf(node);
    if (y < 0) this.scroller.scrollTop += y;
    else if (y + ROW_HEIGHT > this.height) this.scroller.scrollTop += y + ROW_HEIGHT - this.height;
  }

  showSpan(to: Span, animate: boolean, toTop = this.scroller.scrollTop): void {
    if (animate) {
      const fromTop = this.scroller.scrollTop;
      this.motion = { from: this.span, to, fromTop, toTop, startedMs: performance.now() };
    } else {
      this.motion = undefined;
      this.span = to;
      this.scroller.scrollTop = toTop;
    }
    this.requestPaint();
  }

  visibleSpan(): Span {
    return this.span;
  }

  hit(x: CssPixels, y: CssPixels): Hit | undefined {
    return hitTest(this.tree, this.frame(), x, y);
  }

  /** Where a node is on the canvas, clipped to it; `undefined` when it is out of view. */
  boxOf(node: NodeId): { x: CssPixels; y: CssPixels; width: CssPixels; height: CssPixels } | undefined {
    const scale = this.width / this.span.length;
    const x = Math.max(0, (at(this.tree.starts, node) - this.span.start) * scale);
    const end = Math.min(
      this.width,
      (at(this.tree.starts, node) + at(this.tree.totals, node) - this.span.start) * scale,
    );
    const y = this.yOf(node);
    if (end <= 0 || x >= this.width || y < -ROW_HEIGHT || y > this.height) return undefined;
    return { x, y, width: Math.max(end - x, 2), height: ROW_HEIGHT };
  }

  requestPaint(): void {
    if (this.scheduled !== 0) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.paintNow();
    });
  }

  private colorsOf(tree: CallTree): Uint8Array {
    return this.lens ? this.lens.colors(tree) : colorize(tree, this.colorBy);
  }

  private yOf(node: NodeId): CssPixels {
    return rowTop(this.frame(), this.tree.rows.length, at(this.tree.depths, node));
  }

  /** What is zoomed in on goes near the root's edge, after a few of its callers, so that its callees have room. */
  private topFor(depth: number): CssPixels {
    const skipped = Math.max(0, depth - CALLERS_IN_VIEW) * ROW_HEIGHT;
    return this.upright ? Math.max(0, this.contentHeight() - this.height - skipped) : skipped;
  }

  private contentHeight(): CssPixels {
    return Math.max(this.tree.rows.length * ROW_HEIGHT, this.height);
  }

  private below(): CssPixels {
    return this.contentHeight() - this.height - this.scroller.scrollTop;
  }

  /** Upright, another height of the tree or of the view moves every row: scroll along. */
  private keepRootInPlace(): void {
    if (this.upright)
      this.scroller.scrollTop = Math.max(0, this.contentHeight() - this.height - this.restBelow);
  }

  private frame(): Frame {
    return {
      span: this.span,
      width: this.width,
      height: this.height,
      scrollTop: this.scroller.scrollTop,
      rowHeight: ROW_HEIGHT,
      upright: this.upright,
    };
  }

  /** At once; otherwise {@link requestPaint} is what to call. */
  paintNow(): void {
    // Opaque: blending 1.4 million pixels per frame costs more than painting them.
    const context = this.canvas.getContext('2d', { alpha: false });
    if (!context || !this.palette || this.width === 0) return;
    if (this.motion) {
      const progress = (performance.now() - this.motion.startedMs) / ZOOM_MS;
      const { from, to, fromTop, toTop } = this.motion;
      this.span = between(from, to, Math.max(0, progress));
      if (fromTop !== toTop) {
        const eased = 1 - (1 - Math.min(Math.max(progress, 0), 1)) ** 3;
        this.scroller.scrollTop = fromTop + (toTop - fromTop) * eased;
      }
      if (progress >= 1) this.motion = undefined;
      else this.requestPaint();
    }
    const frame = this.frame();
    this.restBelow = this.below();
    this.list.fill(this.tree, frame);
    paint(context, this.tree, this.list, frame, {
      palette: this.palette,
      colors: this.colors,
      lens: this.lens,
      marks: this.marks,
      zoomDepth: this.zoomDepth,
      pixelRatio: devicePixelRatio,
    });
    this.onPaint();
  }
}
