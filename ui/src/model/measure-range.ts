/** Ranges of measures: how a query says them, and what a slider makes of them. */
import { terms, withTermReplaced } from './query-text.ts';

/** `null` where an end is open. */
export interface MeasureRange {
  readonly from: number | null;
  readonly to: number | null;
}

export const ANY_VALUE: MeasureRange = { from: null, to: null };

export interface Histogram {
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

/** What the query says of the measure in plain terms; open on both sides when it says nothing. */
export function measureRange(query: string, name: string): MeasureRange {
  let { from, to } = ANY_VALUE;
  for (const range of rangesOf(query, name)) {
    if (range.from !== null) from = Math.max(from ?? range.from, range.from);
    if (range.to !== null) to = Math.min(to ?? range.to, range.to);
  }
  return { from, to };
}

/** The query with its plain terms about the measure replaced by one range. */
export function withMeasureRange(query: string, name: string, { from, to }: MeasureRange): string {
  const isOpen = from === null && to === null;
  const text = `@${name}:[${from === null ? '*' : queryNumber(from)} TO ${to === null ? '*' : queryNumber(to)}]`;
  return withTermReplaced(query, (term) => rangeOf(term, name) !== undefined, isOpen ? '' : text);
}

/** The query without what sliders put into it: the scope whose values they show. */
export function withoutMeasures(query: string): string {
  return withTermReplaced(query, (term) => rangeOf(term) !== undefined, '');
}

/** Three digits are more than a slider can be set to, and never more than can be read. */
export function queryNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** The value that a share of what the histogram counts lies below. */
export function quantile({ from, to, counts }: Histogram, share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const width = (to - from) / Math.max(1, counts.length);
  let below = 0;
  for (const [index, count] of counts.entries()) {
    if (count > 0 && below + count >= share * total) {
      return from + (index + (share * total - below) / count) * width;
    }
    below += count;
  }
  return to;
}

function rangesOf(query: string, name: string): MeasureRange[] {
  return terms(query)
    .map((term) => rangeOf(query.slice(term.start, term.end), name))
    .filter((range) => range !== undefined);
}

/** `undefined` for what is not a plain comparison (of this measure, where one is given). */
function rangeOf(text: string, name?: string): MeasureRange | undefined {
  const [, key, value = ''] = /^@([^\s():"\\]+):(.+)$/s.exec(text) ?? [];
  if (key === undefined || (name !== undefined && key.toLowerCase() !== name.toLowerCase())) return undefined;
  const [, low, high] = /^[[{]\s*(\S+) TO (\S+?)\s*[\]}]$/.exec(value) ?? [];
  if (low !== undefined && high !== undefined) {
    const from = low === '*' ? null : number(low);
    const to = high === '*' ? null : number(high);
    return from === undefined || to === undefined ? undefined : { from, to };
  }
  const [, operator = '', digits = ''] = /^(>=|<=|>|<)?(.+)$/.exec(value) ?? [];
  const bound = number(digits);
  if (bound === undefined) return undefined;
  if (operator === '') return { from: bound, to: bound };
  return operator.startsWith('>') ? { from: bound, to: null } : { from: null, to: bound };
}

/** As the server reads them, with the units of time (to seconds) and of memory (to bytes). */
function number(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)([A-Za-z]*)$/.exec(text) ?? [];
  const factor = UNITS[unit];
  return digits === '' || factor === undefined ? undefined : Number(digits) * factor;
}

const UNITS: Record<string, number> = {
  '': 1,
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};
