import { at, type CallTree, type NodeId } from '../model/call-tree.ts';
import type { CssPixels, Span } from './viewport.ts';

/** Boxes narrower than this are drawn together with their neighbors as one grey run. */
const MIN_BOX: CssPixels = 1;

export interface Frame {
  readonly span: Span;
  readonly width: CssPixels;
  readonly height: CssPixels;
  readonly scrollTop: CssPixels;
  readonly rowHeight: CssPixels;
  /** The root is the lowest row and callees stand on their callers. */
  readonly upright: boolean;
}

/** The upper edge of a row, where it is painted. */
export function rowTop(frame: Frame, rows: number, depth: number): CssPixels {
  const { rowHeight, scrollTop } = frame;
  if (!frame.upright) return depth * rowHeight - scrollTop;
  return contentHeight(frame, rows) - (depth + 1) * rowHeight - scrollTop;
}

export function depthAt(frame: Frame, rows: number, y: CssPixels): number {
  const { rowHeight, scrollTop } = frame;
  if (!frame.upright) return Math.floor((y + scrollTop) / rowHeight);
  return Math.ceil((contentHeight(frame, rows) - y - scrollTop) / rowHeight) - 1;
}

/** What can be scrolled over. A low tree that stands upright stands on the lower edge of the view. */
function contentHeight(frame: Pick<Frame, 'rowHeight' | 'height'>, rows: number): CssPixels {
  return Math.max(rows * frame.rowHeight, frame.height);
}

/**
 * What to paint, without how: pure, so that tests look here and not at canvas calls.
 *
 * One instance is refilled for every animation frame; its arrays grow and never shrink, so panning allocates nothing.
 */
export class DisplayList {
  boxCount = 0;
  boxNodes = new Int32Array(1024);
  boxXs = new Float32Array(1024);
  boxWidths = new Float32Array(1024);
  boxDepths = new Int32Array(1024);

  /** Runs of boxes too narrow to draw one by one: indices into `tree.rows[depth]`, both inclusive. */
  runCount = 0;
  runFirsts = new Int32Array(1024);
  runLasts = new Int32Array(1024);
  runXs = new Float32Array(1024);
  runWidths = new Float32Array(1024);
  runDepths = new Int32Array(1024);

  /** Lists the visible boxes row by row, each row left to right. */
  fill(tree: CallTree, frame: Frame): void {
    this.boxCount = 0;
    this.runCount = 0;
    const rows = tree.rows.length;
    const edges = [depthAt(frame, rows, 0), depthAt(frame, rows, frame.height)];
    const firstDepth = Math.max(0, Math.min(...edges));
    const lastDepth = Math.min(rows - 1, Math.max(...edges));
    for (let depth = firstDepth; depth <= lastDepth; depth++) this.fillRow(tree, frame, depth);
  }

  private fillRow(tree: CallTree, frame: Frame, depth: number): void {
    const row = tree.rows[depth];
    if (!row) return;
    const { starts, totals } = tree;
    const scale = frame.width / frame.span.length;
    const left = frame.span.start;
    const right = left + frame.span.length;
    const minValue = MIN_BOX / scale;
    let runFirst = -1;
    let runLast = -1;
    let runX = 0;
    let runEnd = 0;

    let index = firstEndingAfter(tree, row, 0, left);
    while (index < row.length) {
      const node = at(row, index);
      const start = at(starts, node);
      if (start >= right) break;
      const total = at(totals, node);
      const x = (start - left) * scale;
      if (total >= minValue) {
        if (runFirst >= 0) this.pushRun(depth, runFirst, runLast, runX, runEnd);
        runFirst = -1;
        const visibleX = Math.max(x, 0);
        const visibleEnd = Math.min(x + total * scale, frame.width);
        this.pushBox(node, depth, visibleX, visibleEnd - visibleX);
        index += 1;
        continue;
      }
      // Everything that ends within this pixel would paint the same pixel again: leap over it.
      const next = firstEndingAfter(tree, row, index + 1, start + minValue);
      const last = at(row, next - 1);
      const end = (at(starts, last) + at(totals, last) - left) * scale;
      if (runFirst >= 0 && x - runEnd > MIN_BOX) {
        this.pushRun(depth, runFirst, runLast, runX, runEnd);
        runFirst = -1;
      }
      if (runFirst < 0) {
        runFirst = index;
        runX = x;
      }
      runLast = next - 1;
      runEnd = Math.max(end, runX + MIN_BOX / 2);
      index = next;
    }
    if (runFirst >= 0) this.pushRun(depth, runFirst, runLast, runX, runEnd);
  }

  private pushBox(node: NodeId, depth: number, x: number, width: number): void {
    if (this.boxCount === this.boxNodes.length) {
      this.boxNodes = grown(this.boxNodes);
      this.boxXs = grown(this.boxXs);
      this.boxWidths = grown(this.boxWidths);
      this.boxDepths = grown(this.boxDepths);
    }
    const slot = this.boxCount++;
    this.boxNodes[slot] = node;
    this.boxXs[slot] = x;
    this.boxWidths[slot] = width;
    this.boxDepths[slot] = depth;
  }

  private pushRun(depth: number, first: number, last: number, x: number, end: number): void {
    if (this.runCount === this.runFirsts.length) {
      this.runFirsts = grown(this.runFirsts);
      this.runLasts = grown(this.runLasts);
      this.runXs = grown(this.runXs);
      this.runWidths = grown(this.runWidths);
      this.runDepths = grown(this.runDepths);
    }
    const slot = this.runCount++;
    this.runFirsts[slot] = first;
    this.runLasts[slot] = last;
    this.runXs[slot] = Math.max(x, 0);
    this.runWidths[slot] = end - Math.max(x, 0);
    this.runDepths[slot] = depth;
  }
}

/** What is under the pointer. */
export type Hit =
  | { readonly kind: 'box'; readonly node: NodeId }
  /** Several boxes too narrow to tell apart; `value` is their sum and `largest` the widest of them. */
  | { readonly kind: 'run'; readonly count: number; readonly value: number; readonly largest: NodeId };

/** Looks at the tree, not at what was last painted, so it is never stale. */
export function hitTest(tree: CallTree, frame: Frame, x: CssPixels, y: CssPixels): Hit | undefined {
  const row = tree.rows[depthAt(frame, tree.rows.length, y)];
  if (!row) return undefined;
  const scale = frame.width / frame.span.length;
  const position = frame.span.start + x / scale;
  const minValue = MIN_BOX / scale;
  const index = firstEndingAfter(tree, row, 0, position);
  const node = row[index];
  const isOver = node !== undefined && at(tree.starts, node) <= position;
  if (isOver && at(tree.totals, node) >= minValue) return { kind: 'box', node };

  // Within a pixel of the pointer: what is painted as one run there.
  let count = 0;
  let value = 0;
  let largest = -1;
  const from = firstEndingAfter(tree, row, 0, position - minValue);
  for (let near = from; near < row.length; near++) {
    const candidate = at(row, near);
    if (at(tree.starts, candidate) > position + minValue) break;
    const total = at(tree.totals, candidate);
    if (total >= minValue) continue;
    count += 1;
    value += total;
    if (largest < 0 || total > at(tree.totals, largest)) largest = candidate;
  }
  if (count === 0) return undefined;
  return count === 1 ? { kind: 'box', node: largest } : { kind: 'run', count, value, largest };
}

/** Galloping, then binary: runs are either short or very long. */
function firstEndingAfter(tree: CallTree, row: Int32Array, from: number, position: number): number {
  const { starts, totals } = tree;
  let low = from;
  let step = 1;
  let high = from;
  while (high < row.length) {
    const node = at(row, high);
    if (at(starts, node) + at(totals, node) > position) break;
    low = high + 1;
    high += step;
    step *= 2;
  }
  high = Math.min(high, row.length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const node = at(row, middle);
    if (at(starts, node) + at(totals, node) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

function grown<Column extends Int32Array | Float32Array>(column: Column): Column {
  const larger =
    column instanceof Int32Array ? new Int32Array(column.length * 2) : new Float32Array(column.length * 2);
  larger.set(column);
  return larger as Column;
}
