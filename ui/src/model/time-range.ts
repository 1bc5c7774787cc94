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
