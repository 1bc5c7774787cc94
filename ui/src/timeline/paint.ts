import { at } from '../model/call-tree.ts';
import { middleEllipsis } from '../model/format.ts';
import { laneName } from '../model/timeline-words.ts';
import { STATES, type Row, type Timeline } from '../model/timeline.ts';
import type { CssPixels, DisplayList, Frame } from './display-list.ts';
import type { TimelinePalette } from './palette.ts';

const MIN_LABEL: CssPixels = 44;
const PADDING: CssPixels = 4;
const NOT_CHOSEN_ALPHA = 0.3;

export interface Look {
  readonly palette: TimelinePalette;
  readonly pixelRatio: number;
  /** Where ticks are, from the left edge. */
  readonly grid: readonly CssPixels[];
  /** Whether a row is what the reader chose; the others recede. */
  readonly isChosen: (row: Row) => boolean;
}

/** Width of one character of the label font; it is monospaced, so one measurement serves every label. */
let measured: { font: string; width: number } | undefined;

export function paint(
  context: CanvasRenderingContext2D,
  timeline: Timeline,
  rows: readonly Row[],
  list: DisplayList,
  frame: Frame,
  look: Look,
): void {
  const { palette, pixelRatio } = look;
  const { rowHeight, barHeight, scrollTop } = frame;
  const top = (row: number): CssPixels =>
    Math.round(row * rowHeight - scrollTop) + Math.floor((rowHeight - barHeight) / 2);
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.globalAlpha = 1;
  context.fillStyle = palette.background;
  context.fillRect(0, 0, frame.width, frame.height);
  context.fillStyle = palette.line;
  for (const x of look.grid) context.fillRect(Math.round(x), 0, 1, frame.height);

  const chosen = rows.map(look.isChosen);
  paintBoxes(context, timeline, list, look, (slot) => [top(at(list.boxRows, slot)), barHeight], chosen);
  for (const isChosen of [true, false]) {
    context.globalAlpha = isChosen ? 1 : NOT_CHOSEN_ALPHA;
    // Bars as one path per color: there may be thousands.
    for (let state = 0; state < STATES.length; state++) {
      context.fillStyle = palette.fills[state] ?? palette.line;
      context.beginPath();
      for (let slot = 0; slot < list.barCount; slot++) {
        const row = at(list.barRows, slot);
        if (list.barStates[slot] !== state || chosen[row] !== isChosen) continue;
        const height = list.barHeights[slot] ?? 0;
        const y = top(row) + barHeight - (list.barBottoms[slot] ?? 0) - height;
        context.rect(list.barXs[slot] ?? 0, y, list.barWidths[slot] ?? 0, height);
      }
      context.fill();
    }
  }
  context.globalAlpha = 1;
  paintLabels(context, timeline, list, look, (slot) => top(at(list.boxRows, slot)) + barHeight / 2);
}

function paintBoxes(
  context: CanvasRenderingContext2D,
  timeline: Timeline,
  list: DisplayList,
  { palette }: Look,
  place: (slot: number) => readonly [top: CssPixels, height: CssPixels],
  chosen: readonly boolean[],
): void {
  let style = '';
  for (let slot = 0; slot < list.boxCount; slot++) {
    const fill = palette.fills[at(timeline.stateOf, at(list.boxEvents, slot))] ?? palette.line;
    if (fill !== style) context.fillStyle = style = fill;
    const width = list.boxWidths[slot] ?? 0;
    const [top, height] = place(slot);
    context.globalAlpha = chosen[at(list.boxRows, slot)] ? 1 : NOT_CHOSEN_ALPHA;
    context.fillRect(list.boxXs[slot] ?? 0, top, width > 4 ? width - 1 : width - 0.4, height);
  }
}

function paintLabels(
  context: CanvasRenderingContext2D,
  timeline: Timeline,
  list: DisplayList,
  { palette }: Look,
  middle: (slot: number) => CssPixels,
): void {
  context.font = palette.font;
  context.textBaseline = 'middle';
  context.fillStyle = palette.text;
  if (measured?.font !== palette.font) {
    measured = { font: palette.font, width: context.measureText('0'.repeat(50)).width / 50 };
  }
  for (let slot = 0; slot < list.boxCount; slot++) {
    const width = list.boxWidths[slot] ?? 0;
    if (width < MIN_LABEL) continue;
    const event = at(list.boxEvents, slot);
    const full = timeline.functions[at(timeline.functionOf, event)] ?? timeline.details[event] ?? '';
    const name = laneName(full, timeline.lanes[at(timeline.laneOf, event)]?.kind);
    const room = Math.floor((width - 2 * PADDING) / measured.width);
    if (room < 5 || name === '') continue;
    context.fillText(middleEllipsis(name, room), (list.boxXs[slot] ?? 0) + PADDING, middle(slot) + 0.5);
  }
}
