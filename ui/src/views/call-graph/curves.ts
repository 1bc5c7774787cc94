import type { Box, Point } from '../../model/graph-layout.ts';

/** A smooth line that begins and ends at the ends and passes near the points between. */
export function curveThrough(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  const parts = [`M${at(first)}`];
  for (let index = 0; index < rest.length - 1; index++) {
    const [control, next] = [rest[index], rest[index + 1]];
    if (!control || !next) continue;
    const isLast = index === rest.length - 2;
    parts.push(`Q${at(control)} ${at(isLast ? next : middle(control, next))}`);
  }
  const [only] = rest;
  if (rest.length === 1 && only) parts.push(`L${at(only)}`);
  return parts.join('');
}

/** Recursion: out of the right side of a box and back into it. */
export function loopBeside({ x, y, width, height }: Box): readonly Point[] {
  const [side, out, half] = [x + width / 2, 34, height / 4];
  return [
    { x: side, y: y - half },
    { x: side + out, y: y - half * 1.8 },
    { x: side + out, y },
    { x: side + out, y: y + half * 1.8 },
    { x: side, y: y + half },
  ];
}

/** A triangle at the end, as thick as the line asks for. */
export function arrowAt(points: readonly Point[], thickness: number): string {
  const [before, end] = [points.at(-2), points.at(-1)];
  if (!before || !end) return '';
  const length = Math.hypot(end.x - before.x, end.y - before.y) || 1;
  const [dx, dy] = [(end.x - before.x) / length, (end.y - before.y) / length];
  const size = 5 + thickness;
  const base = { x: end.x - dx * size, y: end.y - dy * size };
  const half = size * 0.6;
  return `M${at(end)}L${at({ x: base.x - dy * half, y: base.y + dx * half })}L${at({ x: base.x + dy * half, y: base.y - dx * half })}Z`;
}

function middle(left: Point, right: Point): Point {
  return { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 };
}

function at({ x, y }: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
