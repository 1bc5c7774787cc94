import { at } from '../model/call-tree.ts';
import {
  firstEndingAfter,
  lanesOf,
  STATES,
  type EventId,
  type Lane,
  type Row,
  type Timeline,
  type View,
} from '../model/timeline.ts';

/** A length on the screen, independent of the pixel density. */
export type CssPixels = number;

/** Events narrower than this are added up per column of pixels. */
const MIN_BOX: CssPixels = 2;
/** Of an event in its column. */
const LEAST_TRACE: CssPixels = 0.01;
const COUNT = STATES.length;

export interface Frame {
  readonly view: View;
  readonly width: CssPixels;
  readonly height: CssPixels;
  readonly scrollTop: CssPixels;
  readonly rowHeight: CssPixels;
  /** Of a row, without the gap below it. */
  readonly barHeight: CssPixels;
  /** Index of the only state to show, or -1. */
  readonly only: number;
}

/**
 * What to paint, without how: boxes of single events, and bars that say how much of a column of pixels, and of the
 * threads of a group, was spent in which state. Pure, so that tests look here and not at canvas calls.
 *
 * One instance is refilled for every animation frame; its arrays grow and never shrink.
 */
export class DisplayList {
  boxCount = 0;
  boxEvents = new Int32Array(1024);
  boxXs = new Float32Array(1024);
  boxWidths = new Float32Array(1024);
  boxRows = new Int32Array(1024);

  barCount = 0;
  barStates = new Uint8Array(1024);
  barXs = new Float32Array(1024);
  barWidths = new Float32Array(1024);
  /** From the bottom of the row. */
  barBottoms = new Float32Array(1024);
  barHeights = new Float32Array(1024);
  barRows = new Int32Array(1024);

  /** Time by column and state of the row at hand. */
  private sums = new Float64Array(0);

  fill(timeline: Timeline, rows: readonly Row[], frame: Frame): void {
    this.boxCount = 0;
    this.barCount = 0;
    const columns = Math.ceil(frame.width);
    if (this.sums.length < columns * COUNT) this.sums = new Float64Array(columns * COUNT);
    const first = Math.max(0, Math.floor(frame.scrollTop / frame.rowHeight));
    const last = Math.min(rows.length - 1, Math.floor((frame.scrollTop + frame.height) / frame.rowHeight));
    for (let index = first; index <= last; index++) {
      const row = rows[index];
      if (!row) continue;
      this.sums.fill(0, 0, columns * COUNT);
      const lanes = lanesOf(row);
      for (const laneId of lanes) {
        const lane = timeline.lanes[laneId];
        if (lane) this.addLane(timeline, lane, frame, row.kind === 'lane' ? index : -1);
      }
      this.pushColumns(frame, index, columns, lanes.length);
    }
  }

  /** Adds up the events of a lane; those wide enough become boxes of the row, if there is one. */
  private addLane(timeline: Timeline, lane: Lane, frame: Frame, boxRow: number): void {
    const { starts, ends, stateOf } = timeline;
    const { view, width, only } = frame;
    const scale = width / view.length;
    const right = view.start + view.length;
    for (let event = firstEndingAfter(timeline, lane, view.start); event < lane.end; event++) {
      const start = at(starts, event);
      if (start >= right) break;
      const end = at(ends, event);
      const state = at(stateOf, event);
      if (end <= view.start || (only >= 0 && state !== only)) continue;
      const x = Math.max((start - view.start) * scale, 0);
      // What takes no time at all on the wire still happened.
      const xEnd = Math.min(Math.max((end - view.start) * scale, x + LEAST_TRACE), width);
      if (boxRow >= 0 && (end - start) * scale >= MIN_BOX) this.pushBox(event, boxRow, x, xEnd - x);
      else this.addToColumns(state, x, xEnd);
    }
  }

  private addToColumns(state: number, x: number, xEnd: number): void {
    const { sums } = this;
    const last = Math.min(Math.ceil(xEnd), sums.length / COUNT) - 1;
    for (let column = Math.floor(x); column <= last; column++) {
      const covered = Math.min(xEnd, column + 1) - Math.max(x, column);
      const slot = column * COUNT + state;
      sums[slot] = at(sums, slot) + covered;
    }
  }

  /** Neighbors that look the same become one bar. */
  private pushColumns(frame: Frame, row: number, columns: number, lanes: number): void {
    const { sums } = this;
    const { barHeight } = frame;
    const open = new Int32Array(COUNT).fill(-1);
    for (let column = 0; column < columns; column++) {
      let busy = 0;
      for (let state = 0; state < COUNT; state++) busy += at(sums, column * COUNT + state);
      if (busy === 0) {
        open.fill(-1);
        continue;
      }
      // Events within others count twice, and a column holds no more than all of its lanes.
      const scale = barHeight / Math.max(busy, lanes);
      let bottom = 0;
      for (let state = 0; state < COUNT; state++) {
        const share = at(sums, column * COUNT + state);
        if (share === 0) {
          open[state] = -1;
          continue;
        }
        // What there is at all must be seen.
        const height = Math.max(Math.round(share * scale * 2) / 2, Math.min(1, barHeight - bottom));
        const slot = at(open, state);
        const isSame = slot >= 0 && this.barBottoms[slot] === bottom && this.barHeights[slot] === height;
        if (isSame) this.barWidths[slot] = column + 1 - (this.barXs[slot] ?? 0);
        else open[state] = this.pushBar(state, column, bottom, height, row);
        bottom += height;
      }
    }
  }

  private pushBox(event: EventId, row: number, x: CssPixels, width: CssPixels): void {
    if (this.boxCount === this.boxEvents.length) {
      this.boxEvents = grown(this.boxEvents, new Int32Array(this.boxCount * 2));
      this.boxXs = grown(this.boxXs, new Float32Array(this.boxCount * 2));
      this.boxWidths = grown(this.boxWidths, new Float32Array(this.boxCount * 2));
      this.boxRows = grown(this.boxRows, new Int32Array(this.boxCount * 2));
    }
    const slot = this.boxCount++;
    this.boxEvents[slot] = event;
    this.boxXs[slot] = x;
    this.boxWidths[slot] = width;
    this.boxRows[slot] = row;
  }

  private pushBar(state: number, x: CssPixels, bottom: CssPixels, height: CssPixels, row: number): number {
    if (this.barCount === this.barXs.length) {
      const length = this.barCount * 2;
      this.barStates = grown(this.barStates, new Uint8Array(length));
      this.barXs = grown(this.barXs, new Float32Array(length));
      this.barWidths = grown(this.barWidths, new Float32Array(length));
      this.barBottoms = grown(this.barBottoms, new Float32Array(length));
      this.barHeights = grown(this.barHeights, new Float32Array(length));
      this.barRows = grown(this.barRows, new Int32Array(length));
    }
    const slot = this.barCount++;
    this.barStates[slot] = state;
    this.barXs[slot] = x;
    this.barWidths[slot] = 1;
    this.barBottoms[slot] = bottom;
    this.barHeights[slot] = height;
    this.barRows[slot] = row;
    return slot;
  }
}

function grown<Column extends Int32Array | Float32Array | Uint8Array>(
  column: Column,
  larger: Column,
): Column {
  larger.set(column);
  return larger;
}
