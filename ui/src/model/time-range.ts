import { formatTimeShort } from './format.ts';

/** As the API takes them. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

export const PRESETS: readonly (readonly [from: string, label: string])[] = [
  ['now-5m', 'Past 5 minutes'],
  ['now-15m', 'Past 15 minutes'],
  ['now-1h', 'Past hour'],
  ['now-4h', 'Past 4 hours'],
  ['now-1d', 'Past day'],
  ['now-2d', 'Past 2 days'],
  ['now-7d', 'Past week'],
];

const UNIT_NAMES: Record<string, string> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' };

/** What the range is called on its button. */
export function describeRange({ from, to }: TimeRange, nowMs: number): string {
  const preset = to === 'now' ? PRESETS.find(([each]) => each === from) : undefined;
  if (preset) return preset[1];
  const relative = /^now-(\d+)([smhdw])$/.exec(from);
  if (to === 'now' && relative?.[1] && relative[2]) {
    const unit = UNIT_NAMES[relative[2]] ?? '';
    return `Past ${relative[1]} ${unit}${relative[1] === '1' ? '' : 's'}`;
  }
  const [start, end] = [ago(from), ago(to)];
  if (start && end) return `${start} – ${end} ago`;
  return `${describeTime(from, nowMs)} – ${describeTime(to, nowMs)}`;
}

/** `2 h` for `now-2h`. */
function ago(text: string): string | undefined {
  const [, count, unit] = /^now-(\d+)([smhdw])$/.exec(text) ?? [];
  return count && unit ? `${count} ${unit === 'm' ? 'min' : unit}` : undefined;
}

function describeTime(text: string, nowMs: number): string {
  const ms = absoluteMs(text);
  return ms === undefined ? text : formatTimeShort(ms, nowMs);
}

/** `undefined` for relative times, which only the server resolves. */
export function absoluteMs(text: string): number | undefined {
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1000;
  if (/^\d{12,}$/.test(text)) return Number(text);
  if (!/^\d{4}-/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The text of a `datetime-local` field, in the reader's time zone. */
export function toLocalField(unixMs: number): string {
  const date = new Date(unixMs - new Date(unixMs).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19);
}

const UNIT_MS: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the range comes to at this moment; `undefined` for what only the server understands. */
export function periodOf(range: TimeRange, nowMs: number): Period | undefined {
  const fromMs = timeMs(range.from, nowMs);
  const toMs = timeMs(range.to, nowMs);
  return fromMs === undefined || toMs === undefined || fromMs >= toMs ? undefined : { fromMs, toMs };
}

/** The same length, half of it earlier or later. What would reach beyond now ends now, and goes on doing so. */
export function shiftedRange(range: TimeRange, nowMs: number, direction: -1 | 1): TimeRange | undefined {
  const period = periodOf(range, nowMs);
  if (!period || (direction === 1 && range.to === 'now')) return undefined;
  const length = period.toMs - period.fromMs;
  const toMs = period.toMs + direction * Math.ceil(length / 2);
  if (toMs >= nowMs - 1000) return { from: beforeNow(length), to: 'now' };
  return absoluteRange(toMs - length, toMs);
}

/** Twice the length about the same middle, but not beyond now. */
export function widerRange(range: TimeRange, nowMs: number): TimeRange | undefined {
  const period = periodOf(range, nowMs);
  if (!period) return undefined;
  const length = period.toMs - period.fromMs;
  if (range.to === 'now') {
    const [, amount, unit] = /^now-(\d+)([smhdw])$/.exec(range.from) ?? [];
    return { from: amount && unit ? `now-${Number(amount) * 2}${unit}` : beforeNow(length * 2), to: 'now' };
  }
  const toMs = Math.min(nowMs, period.toMs + Math.ceil(length / 2));
  return absoluteRange(toMs - length * 2, toMs);
}

/** As it is read aloud and typed: `90m` from "90 minutes". */
export function relativeRange(amount: number, unit: string): TimeRange | undefined {
  return Number.isInteger(amount) && amount > 0 && unit in UNIT_MS
    ? { from: `now-${amount}${unit}`, to: 'now' }
    : undefined;
}

/** The amount and unit of a range that ends now. */
export function relativeParts({ from, to }: TimeRange): { amount: number; unit: string } | undefined {
  const [, amount, unit] = /^now-(\d+)([smhdw])$/.exec(from) ?? [];
  return to === 'now' && amount && unit ? { amount: Number(amount), unit } : undefined;
}

/** The reader's time zone: "Europe/Berlin, UTC+1". */
export function timeZoneName(nowMs: number): string {
  const minutes = -new Date(nowMs).getTimezoneOffset();
  const sign = minutes < 0 ? '−' : '+';
  const size = Math.abs(minutes);
  const rest = size % 60 === 0 ? '' : `:${String(size % 60).padStart(2, '0')}`;
  const offset = minutes === 0 ? 'UTC' : `UTC${sign}${Math.floor(size / 60)}${rest}`;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === 'UTC' || !zone ? offset : `${zone}, ${offset}`;
}

function timeMs(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  const [, amount, unit] = /^now-(\d+)([smhdw])$/.exec(text) ?? [];
  return amount && unit ? nowMs - Number(amount) * (UNIT_MS[unit] ?? 0) : absoluteMs(text);
}

function beforeNow(lengthMs: number): string {
  const [unit = 's', size = 1000] =
    Object.entries(UNIT_MS)
      .toReversed()
      .find(([name, each]) => name !== 'w' && lengthMs % each === 0) ?? [];
  return `now-${Math.max(1, Math.round(lengthMs / size))}${unit}`;
}

function absoluteRange(fromMs: number, toMs: number): TimeRange {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}
