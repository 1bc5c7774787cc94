/**
 * The one place where numbers become text. The tooltip, the table and the legend all come here, so the same number
 * never shows with two different roundings.
 */

const DAY_MS = 86_400_000;
const number0 = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Three significant digits, without an exponent and without trailing noise: 1.23, 45.6, 789, 1,234. */
function significant(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return digits === 0 ? number0.format(value) : value.toFixed(digits);
}

function scaled(value: number, steps: readonly (readonly [factor: number, unit: string])[]): string {
  const size = Math.abs(value);
  const last = steps.at(-1);
  const [factor, unit] = steps.find(([candidate]) => size >= candidate * 0.9995) ?? last ?? [1, ''];
  return `${significant(value / factor)} ${unit}`.trimEnd();
}

const SECONDS = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
] as const;

const BYTES = [
  [1024 ** 4, 'TiB'],
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
  [1, 'B'],
] as const;

const COUNTS = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e4 / 10, 'k'],
  [1, ''],
] as const;

/** Hours and minutes where they are clearer than thousands of seconds. */
export function formatSeconds(seconds: number): string {
  if (seconds === 0) return '0 s';
  const size = Math.abs(seconds);
  if (size < 119.5) return scaled(seconds, SECONDS);
  const sign = seconds < 0 ? '-' : '';
  const whole = Math.round(size);
  if (whole < 3600) return `${sign}${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(size / 60);
  if (minutes < 48 * 60) return `${sign}${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
  const hours = Math.round(size / 3600);
  return `${sign}${number0.format(Math.floor(hours / 24))} d ${pad(hours % 24)} h`;
}

export function formatBytes(bytes: number): string {
  return bytes === 0 ? '0 B' : Math.abs(bytes) < 1024 ? `${number0.format(bytes)} B` : scaled(bytes, BYTES);
}

/** Every digit. */
export function formatCount(count: number): string {
  return number0.format(count);
}

/** Short, for axes, facets and badges: 950, 1.2 k, 34.5 M. */
export function formatCompact(count: number): string {
  if (Math.abs(count) < 0.01 && count !== 0) return count.toPrecision(2);
  if (Math.abs(count) < 1000) return Number.isInteger(count) ? String(count) : significant(count);
  return scaled(count, COUNTS).replace(' ', '');
}

/** A value of a value type or measure in its own unit, as the API names it. */
export function formatValue(value: number, unit: string): string {
  switch (unit) {
    case 'nanoseconds':
    case 'ns':
      return formatSeconds(value / 1e9);
    case 'microseconds':
      return formatSeconds(value / 1e6);
    case 'milliseconds':
    case 'ms':
      return formatSeconds(value / 1e3);
    case 'seconds':
    case 's':
      return formatSeconds(value);
    case 'bytes':
      return formatBytes(value);
    case 'bytes/s':
    case 'bytes_per_second':
    case 'bytes/second':
      return `${formatBytes(value)}/s`;
    case 'cores':
      return `${value === 0 ? '0' : significantCores(value)} ${value === 1 ? 'core' : 'cores'}`;
    case 'count':
    case '':
      // Past it nobody compares digits, and they do not fit into tables.
      return Math.abs(value) < 1e8 ? formatCount(value) : formatCompact(value);
    case 'share':
    case 'ratio':
      return formatShare(value, 1);
    case 'per second':
      return `${formatCompact(value)}/s`;
    default:
      return `${formatCompact(value)} ${unit}`;
  }
}

/** The same for what was divided, where a third of a byte or of a sample is not nothing. */
export function formatFraction(value: number, unit: string): string {
  const size = Math.abs(value);
  const isCount = unit === 'count' || unit === '';
  const isFewBytes = unit === 'bytes' && size < 1024;
  if (value === 0 || (!isCount && !isFewBytes)) return formatValue(value, unit);
  const text = size < 0.01 || size >= 10_000 ? formatCompact(value) : significant(value);
  return isFewBytes ? `${text} B` : text;
}

function significantCores(value: number): string {
  return Math.abs(value) < 0.001
    ? value.toPrecision(2).replace(/e-0?/, 'e-')
    : Math.abs(value) < 0.01
      ? value.toFixed(4)
      : Math.abs(value) < 0.1
        ? value.toFixed(3)
        : significant(value);
}

/** For axes, whose values are round: 20 cores, not 20.0 cores. */
export function formatRound(value: number, unit: string): string {
  return formatValue(value, unit)
    .replace(/\.0+(?= |$)/, '')
    .replace(/(\.\d*?)0+(?= |$)/, '$1');
}

/** For the time axis, as precisely as the length of what it shows asks for. */
export function formatTick(unixMs: number, lengthMs: number): string {
  const date = new Date(unixMs);
  const day = `${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  if (lengthMs > 300 * DAY_MS) return formatDate(unixMs).slice(0, 7);
  if (lengthMs > 6 * DAY_MS) return day;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  const clock = date.getSeconds() === 0 ? time : `${time}:${pad(date.getSeconds())}`;
  return lengthMs > 1.1 * DAY_MS ? `${day} ${time}` : clock;
}

/** A share of a whole: 45.6 %, 0.03 %, <0.01 %. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  if (percent === 0) return '0%';
  if (percent < 0.01) return '<0.01%';
  if (percent >= 99.995) return percent > 100.005 ? `${percent.toFixed(1)}%` : '100%';
  return `${percent.toFixed(percent < 1 ? 2 : 1)}%`;
}

/** A difference of shares, in points of a percentage: +2.1 pp. */
export function formatPoints(difference: number): string {
  return formatSigned(difference, (size) => `${formatShare(size, 1).replace('%', '')} pp`);
}

/** With its sign, a real minus. */
export function formatSigned(difference: number, format: (size: number) => string): string {
  if (difference === 0) return format(0);
  return `${difference > 0 ? '+' : '−'}${format(Math.abs(difference))}`;
}

/** What became of `before`, in the way people say it: +12%, 3.2 × as much, new, gone. */
export function formatChange(before: number, after: number): string {
  if (before === after) return 'unchanged';
  if (before === 0) return 'new';
  if (after === 0) return 'gone';
  const ratio = after / before;
  if (ratio >= 1.995) return `${significant(ratio)} ×`;
  return formatSigned(ratio - 1, (size) => formatShare(size, 1));
}

export function formatDurationMs(milliseconds: number): string {
  return formatSeconds(milliseconds / 1000);
}

/** A time since a start, with as many digits as tell neighbors of a step apart: +1.25 s, +320 ms, +1:05. */
export function formatOffset(offset: number, step: number): string {
  const size = Math.abs(offset);
  const sign = offset < -1e-9 ? '-' : '+';
  if (size >= 60_000) {
    const minutes = Math.floor((size + 1e-6) / 60_000);
    const seconds = Math.max(size - minutes * 60_000, 0) / 1000;
    const digits = decimals(step / 1000);
    return `${sign}${minutes}:${seconds.toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, '0')}`;
  }
  if (size < 1e-9) return '0';
  if (size < 1000 && step < 1000) return `${sign}${size.toFixed(decimals(step))} ms`;
  return `${sign}${(size / 1000).toFixed(decimals(step / 1000))} s`;
}

/** The reader's own clock, as precisely as a step in milliseconds asks for. */
export function formatClock(unixMs: number, step: number): string {
  const date = new Date(Math.round(unixMs * 1000) / 1000);
  const minutes = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  if (step >= 60_000) return minutes;
  const seconds = `${minutes}:${pad(date.getSeconds())}`;
  if (step >= 1000) return seconds;
  const digits = Math.min(decimals(step / 1000), 3);
  return `${seconds}.${String(date.getMilliseconds()).padStart(3, '0').slice(0, digits)}`;
}

function decimals(step: number): number {
  return step >= 1 ? 0 : Math.min(Math.ceil(-Math.log10(step) - 1e-9), 4);
}

/** The reader's own time zone. */
export function formatTime(unixMs: number): string {
  const date = new Date(unixMs);
  return `${formatDate(unixMs)} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

export function formatDate(unixMs: number): string {
  const date = new Date(unixMs);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** Without the date where it is today's, without seconds where they are zero. */
export function formatTimeShort(unixMs: number, nowMs: number): string {
  const date = new Date(unixMs);
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  const seconds = date.getSeconds() === 0 ? '' : `:${pad(date.getSeconds())}`;
  return formatDate(unixMs) === formatDate(nowMs)
    ? time + seconds
    : `${formatDate(unixMs)} ${time}${seconds}`;
}

export function formatAgo(unixMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - unixMs) / 1000);
  if (seconds < 0) return 'in the future';
  if (seconds < 10) return 'just now';
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/**
 * Cuts the middle out, because both ends of a qualified name say more than its middle: the package at the start, the
 * function at the end.
 */
export function middleEllipsis(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  if (maxLength < 2) return maxLength === 1 ? '…' : '';
  const kept = maxLength - 1;
  const tail = Math.ceil(kept * 0.6);
  return `${text.slice(0, kept - tail)}…${text.slice(text.length - tail)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
