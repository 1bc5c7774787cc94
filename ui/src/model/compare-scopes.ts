import { DEFAULTS, NO_SIDE, type Side, type ViewState } from '../state/url.ts';
import { quoted, facetTerms, withFacetTerms } from './query-text.ts';
import { absoluteMs, type TimeRange } from './time-range.ts';

const UNIT_MS: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const DAY_MS = 86_400_000;

export type Earlier = 'previous' | 'day' | 'week';

/** What to compare what is shown with. */
export type Comparison =
  /** The same, earlier: the period just before, or the same hours of the day or the week before. */
  | { readonly kind: 'earlier'; readonly by: Earlier }
  /** Another value of a tag; without one in the search, the value with all others. */
  | { readonly kind: 'value'; readonly key: string; readonly value: string }
  /** The profile shown with those of its service at the time. */
  | {
      readonly kind: 'service';
      readonly service: string;
      readonly env: string;
      readonly startMs: number;
      readonly endMs: number;
    }
  /** The profile shown, or this one, with another. */
  | { readonly kind: 'profile'; readonly baseline: string; readonly profile?: string };

/**
 * One click from any view: what to change in the state so that the page compares. A is the baseline, B is what was
 * shown.
 */
export function compareWith(state: ViewState, wanted: Comparison, nowMs: number): Partial<ViewState> {
  const own = sideOf(state);
  const [a, b] = sidesFor(own, wanted, nowMs);
  // A chosen time or request of one side is not one of the other, but of both when they are of the same time.
  const focus = wanted.kind === 'value' ? {} : { window: '', span: '', focusOn: DEFAULTS.focusOn };
  const place = { profile: '', source: '', link: '', query: '', zoom: [], expanded: [] } as const;
  return { page: 'compare', ...place, ...focus, a, b };
}

function sidesFor(own: Side, wanted: Comparison, nowMs: number): readonly [Side, Side] {
  switch (wanted.kind) {
    case 'earlier':
      return [{ ...own, ...earlier(own, wanted.by, nowMs) }, own];
    case 'value':
      return valueSides(own, wanted.key, wanted.value);
    case 'service': {
      const parts = [`service:${quoted(wanted.service)}`, wanted.env && `env:${quoted(wanted.env)}`];
      const around = 30 * 60_000;
      return [
        {
          ...NO_SIDE,
          query: parts.filter(Boolean).join(' '),
          from: new Date(wanted.startMs - around).toISOString(),
          to: new Date(wanted.endMs + around).toISOString(),
        },
        own,
      ];
    }
    case 'profile':
      return [
        { ...NO_SIDE, profile: wanted.baseline },
        wanted.profile ? { ...NO_SIDE, profile: wanted.profile } : own,
      ];
  }
}

/** What the views of one scope show, as a side. */
export function sideOf(state: ViewState): Side {
  const { profile, source, link } = state;
  if (profile) return { ...NO_SIDE, profile, source, link };
  return { ...NO_SIDE, query: state.query, from: state.from, to: state.to, source, link };
}

/** With another value of a tag in place of the one in the search; else the value with all the others. */
function valueSides(own: Side, key: string, value: string): readonly [Side, Side] {
  const { included, excluded } = facetTerms(own.query, key);
  const only = included.length === 1 ? included[0] : undefined;
  const withValue = withFacetTerms(own.query, key, { included: [value], excluded: [] });
  if (only !== undefined && only !== value) return [{ ...own, query: withValue }, own];
  const others = withFacetTerms(own.query, key, { included: [], excluded: [...excluded, value] });
  return [
    { ...own, query: others },
    { ...own, query: withValue },
  ];
}

/** Both sides as they are asked for: what the address leaves out is filled in. */
export function sidesOf(state: ViewState, nowMs: number): { readonly a: Side; readonly b: Side } {
  const filled = (side: Side): Side =>
    side.profile ? side : { ...side, from: side.from || state.from, to: side.to || state.to };
  const b = filled(state.b);
  const isBare = isUnset(state.a) && isUnset(state.b);
  return { a: isBare ? { ...b, ...earlier(b, 'previous', nowMs) } : filled(state.a), b };
}

export function isUnset(side: Side): boolean {
  return Object.entries(side).every(([, value]) => value === '' || value.length === 0);
}

/** What has to change in the address when sides do: from then on both are in it. */
export function withSide(
  state: ViewState,
  name: 'a' | 'b',
  patch: Partial<Side>,
  nowMs: number,
): Partial<ViewState> {
  const sides = sidesOf(state, nowMs);
  return { ...sides, [name]: { ...sides[name], ...patch }, zoom: [], expanded: [] };
}

export function swapped(state: ViewState, nowMs: number): Partial<ViewState> {
  const { a, b } = sidesOf(state, nowMs);
  return { a: b, b: a, zoom: [], expanded: [] };
}

/** The range as long as this one that ends where it begins, or the same one a day or a week before. */
export function earlier(range: TimeRange, by: Earlier, nowMs: number): TimeRange {
  const fromMs = resolveMs(range.from, nowMs);
  const toMs = resolveMs(range.to, nowMs);
  const shiftMs = by === 'day' ? DAY_MS : by === 'week' ? 7 * DAY_MS : Math.max(toMs - fromMs, 1000);
  return { from: shifted(range.from, shiftMs, nowMs), to: shifted(range.to, shiftMs, nowMs) };
}

/** Relative times stay relative, so that a link to a comparison with yesterday is one tomorrow, too. */
function shifted(time: string, byMs: number, nowMs: number): string {
  const relative = relativeMs(time);
  if (relative === undefined) return new Date(resolveMs(time, nowMs) - byMs).toISOString();
  const ms = relative + byMs;
  const unit = ['d', 'h', 'm', 's'].find((each) => ms % (UNIT_MS[each] ?? 1) === 0) ?? 's';
  return `now-${Math.round(ms / (UNIT_MS[unit] ?? 1000))}${unit}`;
}

/** Milliseconds before now; `undefined` for a time that is not relative. */
function relativeMs(time: string): number | undefined {
  if (time === 'now') return 0;
  const [, count, unit] = /^now-(\d+)([smhdw])$/.exec(time) ?? [];
  return count && unit ? Number(count) * (UNIT_MS[unit] ?? 0) : undefined;
}

/** When that is; what cannot be read counts as now. */
export function resolveMs(time: string, nowMs: number): number {
  const relative = relativeMs(time);
  return relative === undefined ? (absoluteMs(time) ?? nowMs) : nowMs - relative;
}

/** An hour around a profile: the nearest range with data, when a side has none. */
export function hourAround(startMs: number): TimeRange {
  return {
    from: new Date(startMs - 1_800_000).toISOString(),
    to: new Date(startMs + 1_800_000).toISOString(),
  };
}

/** What the chart spans: both ranges and some of what is around them, but nothing of the future. */
export function chartRange(
  ranges: readonly { readonly fromMs: number; readonly toMs: number }[],
  nowMs: number,
): { fromMs: number; toMs: number } {
  const fromMs = Math.min(...ranges.map((range) => range.fromMs));
  const toMs = Math.max(...ranges.map((range) => range.toMs));
  const around = Math.max((toMs - fromMs) * 0.25, 60_000);
  return {
    fromMs: Math.round(fromMs - around),
    toMs: Math.round(Math.min(toMs + around, Math.max(nowMs, toMs))),
  };
}

/** Whether the two sides would be the same question. */
export function isSame(a: Side, b: Side): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
