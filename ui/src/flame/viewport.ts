import { at, type CallTree, type NodeId, type ValuePosition } from '../model/call-tree.ts';

/** A length on the screen, independent of the pixel density. */
export type CssPixels = number;

/** The horizontal part of the tree that is shown. The vertical part is the scroll position of the container. */
export interface Span {
  readonly start: ValuePosition;
  readonly length: ValuePosition;
}

/** The most one wheel event may zoom: trackpads send bursts of large deltas and would otherwise overshoot. */
const MAX_ZOOM_PER_EVENT = 0.15;

export function spanOf(tree: CallTree, node: NodeId): Span {
  return { start: at(tree.starts, node), length: Math.max(at(tree.totals, node), Number.MIN_VALUE) };
}

/** Keeps the span inside of the root, and no narrower than can be told apart. */
export function clampSpan(tree: CallTree, span: Span): Span {
  const whole = Math.max(at(tree.totals, 0), Number.MIN_VALUE);
  const length = Math.min(Math.max(span.length, whole * 1e-9), whole);
  return { start: Math.min(Math.max(span.start, 0), whole - length), length };
}

/** Zooms about the position under the pointer, which stays where it is. */
export function zoomAbout(tree: CallTree, span: Span, anchor: number, wheelDelta: number): Span {
  const amount = Math.min(Math.max(wheelDelta / 500, -MAX_ZOOM_PER_EVENT), MAX_ZOOM_PER_EVENT);
  const length = Math.min(span.length * (1 + amount), Math.max(at(tree.totals, 0), Number.MIN_VALUE));
  return clampSpan(tree, { start: span.start + (span.length - length) * anchor, length });
}

export function panBy(tree: CallTree, span: Span, fraction: number): Span {
  return clampSpan(tree, { start: span.start + span.length * fraction, length: span.length });
}

/** `progress` from 0 to 1. Lengths go geometrically, so that deep zooms move evenly. */
export function between(from: Span, to: Span, progress: number): Span {
  if (progress >= 1) return to;
  const eased = 1 - (1 - progress) ** 3;
  const length = from.length * (to.length / from.length) ** eased;
  // The edges follow the length, so both arrive together.
  const change = to.length - from.length;
  const share = Math.abs(change) < 1e-12 * from.length ? eased : (length - from.length) / change;
  return { start: from.start + (to.start - from.start) * share, length };
}

/** Whether the span is exactly that of the node, so that a click there should zoom out. */
export function isAt(span: Span, other: Span): boolean {
  const tolerance = other.length * 1e-6;
  return Math.abs(span.start - other.start) <= tolerance && Math.abs(span.length - other.length) <= tolerance;
}
