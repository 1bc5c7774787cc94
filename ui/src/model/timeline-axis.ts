import type { UnixMs } from '../api/types.ts';
import { formatClock, formatOffset } from './format.ts';
import type { OffsetMs } from './timeline.ts';

export interface Tick {
  readonly offset: OffsetMs;
  readonly label: string;
}

const STEPS_MS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000,
  120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000,
];

/** Round steps, at least `least` apart. */
export function tickStep(lengthMs: number, width: number, least: number): number {
  const wanted = (lengthMs / Math.max(width, 1)) * least;
  return STEPS_MS.find((step) => step >= wanted) ?? Math.ceil(wanted / 3_600_000) * 3_600_000;
}

/** Ticks at round times since the start. */
export function relativeTicks(start: OffsetMs, length: number, step: number): readonly Tick[] {
  return ticks(start, length, step, 0, (offset) => formatOffset(offset, step));
}

/** Ticks at round times of the reader's clock. */
export function clockTicks(fromMs: UnixMs, start: OffsetMs, length: number, step: number): readonly Tick[] {
  const zoneMs = -new Date(fromMs).getTimezoneOffset() * 60_000;
  return ticks(start, length, step, fromMs + zoneMs, (offset) => formatClock(fromMs + offset, step));
}

function ticks(
  start: OffsetMs,
  length: number,
  step: number,
  origin: number,
  label: (offset: OffsetMs) => string,
): readonly Tick[] {
  const found: Tick[] = [];
  const first = Math.ceil((start + origin) / step - 1e-9);
  for (let index = first; index * step <= start + origin + length + step * 1e-9; index++) {
    const offset = index * step - origin;
    found.push({ offset, label: label(offset) });
  }
  return found;
}
