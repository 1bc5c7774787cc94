import { at, nodeName, type CallTree } from '../model/call-tree.ts';
import { middleEllipsis } from '../model/format.ts';
import { rowTop, type DisplayList, type Frame } from './display-list.ts';
import type { Lens } from './lens.ts';
import { ONLY_A, ONLY_B, OTHER_COLOR, type Palette } from './palette.ts';

const MIN_LABEL = 42;
const PADDING = 5;
const ANCESTOR_ALPHA = 0.45;

export interface Look {
  readonly palette: Palette;
  readonly colors: Uint8Array;
  readonly lens: Lens | undefined;
  /** Where a search is on: nodes without a mark recede. */
  readonly marks: Uint8Array | undefined;
  /** Rows above it lead to what is zoomed in on, and recede. */
  readonly zoomDepth: number;
  readonly pixelRatio: number;
}

/** Width of one character of the label font; it is monospaced, so one measurement serves every label. */
let measured: { font: string; width: number } | undefined;

export function paint(
  context: CanvasRenderingContext2D,
  tree: CallTree,
  list: DisplayList,
  frame: Frame,
  look: Look,
): void {
  const { palette, colors, lens, marks, zoomDepth, pixelRatio } = look;
  const rows = tree.rows.length;
  const boxHeight = frame.rowHeight - 1;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.fillStyle = palette.background;
  context.fillRect(0, 0, frame.width, frame.height);

  // Runs first and as one path per color: there may be thousands.
  for (const wanted of marks ? [false, true] : [false]) {
    context.fillStyle = marks ? (wanted ? palette.matchRun : palette.fadedRun) : palette.run;
    context.beginPath();
    for (let slot = 0; slot < list.runCount; slot++) {
      const depth = at(list.runDepths, slot);
      if (marks && runHasMatch(tree, list, slot, marks) !== wanted) continue;
      const y = Math.round(rowTop(frame, rows, depth));
      context.rect(list.runXs[slot] ?? 0, y, Math.max(list.runWidths[slot] ?? 0, 0.75), boxHeight);
    }
    context.fill();
  }

  let style = '';
  for (let slot = 0; slot < list.boxCount; slot++) {
    const node = at(list.boxNodes, slot);
    const fill = marks && !marks[node] ? palette.faded : (palette.fills[colors[node] ?? 0] ?? palette.faded);
    if (fill !== style) {
      context.fillStyle = fill;
      style = fill;
    }
    const x = list.boxXs[slot] ?? 0;
    const width = list.boxWidths[slot] ?? 0;
    const depth = at(list.boxDepths, slot);
    const y = Math.round(rowTop(frame, rows, depth));
    context.globalAlpha = depth < zoomDepth ? ANCESTOR_ALPHA : 1;
    context.fillRect(x, y, width > 2.5 ? width - 1 : Math.max(width - 0.4, 0.6), boxHeight);
    const color = colors[node];
    if (color === OTHER_COLOR && width > 4) {
      hatch(context, palette.hatch, x, y, width - 1, boxHeight, 1);
    } else if ((color === ONLY_A || color === ONLY_B) && width > 2 && (!marks || marks[node])) {
      hatch(context, palette.changeHatch, x, y, width - 1, boxHeight, color === ONLY_A ? -1 : 1);
    }
  }

  context.globalAlpha = 1;
  context.font = palette.font;
  context.textBaseline = 'middle';
  const characterWidth = measureCharacter(context, palette.font);
  style = '';
  for (let slot = 0; slot < list.boxCount; slot++) {
    const width = list.boxWidths[slot] ?? 0;
    if (width < MIN_LABEL) continue;
    const node = at(list.boxNodes, slot);
    const room = Math.floor((width - 2 * PADDING) / characterWidth);
    // Cut, "(other)" would read like the name of a function.
    if (room < (colors[node] === OTHER_COLOR ? 7 : 5)) continue;
    const fill = marks && !marks[node] ? palette.fadedText : palette.text;
    if (fill !== style) {
      context.fillStyle = fill;
      style = fill;
    }
    const y = Math.round(rowTop(frame, rows, at(list.boxDepths, slot)));
    context.fillText(
      lens ? lens.label(tree, node, room) : middleEllipsis(nodeName(tree, node), room),
      (list.boxXs[slot] ?? 0) + PADDING,
      y + boxHeight / 2 + 0.5,
    );
  }
}

function runHasMatch(tree: CallTree, list: DisplayList, slot: number, marks: Uint8Array): boolean {
  const row = tree.rows[at(list.runDepths, slot)];
  if (!row) return false;
  const last = at(list.runLasts, slot);
  for (let index = at(list.runFirsts, slot); index <= last; index++) {
    if (marks[at(row, index)]) return true;
  }
  return false;
}

function measureCharacter(context: CanvasRenderingContext2D, font: string): number {
  if (measured?.font !== font) measured = { font, width: context.measureText('0'.repeat(50)).width / 50 };
  return measured.width;
}

/** What is no frame of both sides like others must not look like one, even without color. Leans right, or left. */
function hatch(
  context: CanvasRenderingContext2D,
  color: string,
  x: number,
  y: number,
  width: number,
  height: number,
  lean: 1 | -1,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  for (let offset = -height; offset < width; offset += 6) {
    context.moveTo(x + offset, lean > 0 ? y + height : y);
    context.lineTo(x + offset + height, lean > 0 ? y : y + height);
  }
  context.stroke();
  context.restore();
}
