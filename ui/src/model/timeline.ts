import type { LaneKind, TimelineBody } from '../api/timeline.ts';
import type { UnixMs } from '../api/types.ts';
import { at } from './call-tree.ts';

/** Milliseconds since the start of the timeline. */
export type OffsetMs = number;
/** Index of an event; events are by lane and then by start. */
export type EventId = number;
export type LaneId = number;

/** In the order in which they are stacked, the busiest at the bottom. */
export const STATES = [
  'cpu',
  'gc',
  'runtime',
  'syscall',
  'runnable',
  'lock',
  'channel',
  'io',
  'wait',
  'sleep',
  'unknown',
] as const;
export type State = (typeof STATES)[number];

export interface Lane {
  readonly name: string;
  readonly group: string;
  readonly kind: LaneKind;
  readonly threadId: string;
  readonly busyMs: number;
  /** Its events are `[first, end)`. */
  readonly first: EventId;
  readonly end: EventId;
  /** Milliseconds by index of {@link STATES}. */
  readonly stateMs: Float64Array;
}

/** What the threads of a process did, as columns, with what painting and pointing ask for worked out once. */
export interface Timeline {
  readonly fromMs: UnixMs;
  readonly lengthMs: number;
  readonly samples: number;
  readonly profiles: number;
  readonly merged: number;
  readonly withoutTime: number;
  readonly problems: readonly string[];
  readonly lanes: readonly Lane[];

  readonly size: number;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** The latest end of this event and those before it in its lane: ascends even where events lie within others. */
  readonly reaches: Float64Array;
  readonly laneOf: Int32Array;
  /** Index of {@link STATES}. */
  readonly stateOf: Int32Array;
  readonly functions: readonly string[];
  readonly functionOf: Int32Array;
  readonly endpoints: readonly string[];
  readonly spans: readonly string[];
  readonly details: readonly string[];
}

/** The part of the time that is in view. */
export interface View {
  readonly start: OffsetMs;
  readonly length: number;
}

export function decodeTimeline(body: TimelineBody): Timeline {
  const { events, strings } = body;
  const size = events.lane.length;
  const text = (index: number | undefined): string => strings[index ?? 0] ?? '';
  const states = body.states.map((name) => {
    const known = STATES.findIndex((state) => state === name);
    return known < 0 ? STATES.length - 1 : known;
  });
  const starts = Float64Array.from(events.start_ms);
  const ends = Float64Array.from(events.duration_ms, (duration, event) => at(starts, event) + duration);
  const reaches = new Float64Array(size);
  const stateOf = Int32Array.from(events.state, (code) => states[code] ?? STATES.length - 1);
  const lanes: Lane[] = [];
  let event = 0;
  body.lanes.name.forEach((name, lane) => {
    const first = event;
    const stateMs = new Float64Array(STATES.length);
    let reach = 0;
    while (event < size && events.lane[event] === lane) {
      reach = Math.max(reach, at(ends, event));
      reaches[event] = reach;
      const state = at(stateOf, event);
      stateMs[state] = at(stateMs, state) + (events.duration_ms[event] ?? 0);
      event += 1;
    }
    lanes.push({
      name,
      group: body.lanes.group[lane] ?? name,
      kind: body.lanes.kind[lane] ?? 'thread',
      threadId: body.lanes.thread_id[lane] ?? '',
      busyMs: body.lanes.total_ms[lane] ?? 0,
      first,
      end: event,
      stateMs,
    });
  });
  return {
    fromMs: body.from_ms,
    lengthMs: Math.max(body.to_ms - body.from_ms, 1),
    samples: body.samples,
    profiles: body.profiles,
    merged: body.merged,
    withoutTime: body.without_time,
    problems: body.problems,
    lanes,
    size,
    starts,
    ends,
    reaches,
    laneOf: Int32Array.from(events.lane),
    stateOf,
    functions: body.functions.name.map(text),
    functionOf: Int32Array.from(events.function),
    endpoints: events.endpoint.map(text),
    spans: events.span,
    details: events.detail.map(text),
  };
}

/** Threads of one pool, or operations of one kind. */
export interface Group {
  /** Names it in the address. */
  readonly key: string;
  readonly name: string;
  readonly kind: LaneKind;
  readonly lanes: readonly LaneId[];
}

/** A line on the screen: a lane, or a group whose lanes are folded into it or follow it. */
export type Row =
  | { readonly kind: 'lane'; readonly lane: LaneId; readonly isMember: boolean }
  | { readonly kind: 'group'; readonly group: Group; readonly isOpen: boolean };

export function groupsOf(timeline: Timeline): readonly Group[] {
  const groups: { key: string; name: string; kind: LaneKind; lanes: LaneId[] }[] = [];
  timeline.lanes.forEach((lane, index) => {
    const last = groups.at(-1);
    if (last && last.kind === lane.kind && last.name === lane.group) last.lanes.push(index);
    else
      groups.push({ key: `${lane.kind}:${lane.group}`, name: lane.group, kind: lane.kind, lanes: [index] });
  });
  return groups;
}

/** What the runtime says of itself is never folded: it is little, and what everything else is looked at against. */
export function rowsOf(groups: readonly Group[], open: readonly string[]): readonly Row[] {
  return groups.flatMap((group): Row[] => {
    const isPlain = group.lanes.length === 1 || group.kind === 'gc' || group.kind === 'runtime';
    if (isPlain) return group.lanes.map((lane) => ({ kind: 'lane', lane, isMember: false }));
    const isOpen = open.includes(group.key);
    const own: Row = { kind: 'group', group, isOpen };
    return isOpen
      ? [own, ...group.lanes.map((lane): Row => ({ kind: 'lane', lane, isMember: true }))]
      : [own];
  });
}

export function lanesOf(row: Row): readonly LaneId[] {
  return row.kind === 'lane' ? [row.lane] : row.group.lanes;
}

/**
 * The label filter that leaves the samples of a lane; none where they are not those of a thread or of goroutines. Of these
 * there are too many for samples to be kept apart: what is kept is the function that they started with.
 */
export function laneFilter({ kind, name, group }: Lane): string | undefined {
  if (kind === 'thread') return `thread:${name}`;
  return kind === 'goroutine' ? `goroutine:${group}` : undefined;
}

export function isLaneFilter(filter: string): boolean {
  return filter.startsWith('thread:') || filter.startsWith('goroutine:');
}

/** Whether some of these filters leave samples of a lane, or can say nothing of it. */
export function passesFilters(lane: Lane, filters: readonly string[]): boolean {
  const own = laneFilter(lane);
  return own === undefined || filters.length === 0 || filters.includes(own);
}

export function rowKey(timeline: Timeline, row: Row): string {
  if (row.kind === 'group') return row.group.key;
  const lane = timeline.lanes[row.lane];
  return `${lane?.kind} ${lane?.name} ${lane?.threadId} ${row.lane}`;
}

/** The first event of a lane that ends after a time; the end of the lane if there is none. */
export function firstEndingAfter(timeline: Timeline, lane: Lane, time: OffsetMs): EventId {
  let low = lane.first;
  let high = lane.end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(timeline.reaches, middle) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The event at a time, the innermost where some lie within others; within `reach` of the time the nearest, for what is
 * too narrow to point at. `only` is an index of {@link STATES}, or -1.
 */
export function eventAt(
  timeline: Timeline,
  laneId: LaneId,
  time: OffsetMs,
  reach: number,
  only = -1,
): EventId | undefined {
  const lane = timeline.lanes[laneId];
  if (!lane) return undefined;
  let inside: EventId | undefined;
  let near: EventId | undefined;
  let distance = reach;
  for (let event = firstEndingAfter(timeline, lane, time - reach); event < lane.end; event++) {
    const start = at(timeline.starts, event);
    if (start > time + reach) break;
    if (only >= 0 && at(timeline.stateOf, event) !== only) continue;
    const end = at(timeline.ends, event);
    if (start <= time && time < end) inside = event;
    const away = Math.max(start - time, time - end);
    if (away <= distance && (away > 0 || end - start < reach)) {
      distance = Math.max(away, 0);
      near = event;
    }
  }
  return inside ?? near;
}

/** The next or previous event of its lane that is shown. */
export function neighbor(timeline: Timeline, event: EventId, step: 1 | -1, only = -1): EventId | undefined {
  const lane = timeline.lanes[at(timeline.laneOf, event)];
  return lane && nextShown(timeline, lane, event + step, step, only);
}

/** The first or last event of a lane that is shown. */
export function edgeEvent(timeline: Timeline, lane: Lane, edge: 1 | -1, only = -1): EventId | undefined {
  return edge === 1
    ? nextShown(timeline, lane, lane.end - 1, -1, only)
    : nextShown(timeline, lane, lane.first, 1, only);
}

function nextShown(
  timeline: Timeline,
  lane: Lane,
  from: EventId,
  step: 1 | -1,
  only: number,
): EventId | undefined {
  for (let next = from; next >= lane.first && next < lane.end; next += step) {
    if (only < 0 || at(timeline.stateOf, next) === only) return next;
  }
  return undefined;
}

/** The event of a lane to go to from another one: what goes on at that time, or comes next, or came last. */
export function eventNear(
  timeline: Timeline,
  laneId: LaneId,
  time: OffsetMs,
  only = -1,
): EventId | undefined {
  const lane = timeline.lanes[laneId];
  if (!lane || lane.first === lane.end) return undefined;
  const isShown = (event: EventId): boolean => only < 0 || at(timeline.stateOf, event) === only;
  const there = eventAt(timeline, laneId, time, 0, only);
  if (there !== undefined) return there;
  const from = firstEndingAfter(timeline, lane, time);
  for (let event = from; event < lane.end; event++) if (isShown(event)) return event;
  for (let event = from - 1; event >= lane.first; event--) if (isShown(event)) return event;
  return undefined;
}

/** What another drawing of the same samples has in the place of an event, if anything. */
export function sameEvent(before: Timeline, event: EventId, after: Timeline): EventId | undefined {
  const laneId = at(before.laneOf, event);
  const [lane, same] = [before.lanes[laneId], after.lanes[laneId]];
  if (!lane || lane.kind !== same?.kind || lane.name !== same.name) return undefined;
  const middle = (at(before.starts, event) + at(before.ends, event)) / 2;
  return eventAt(after, laneId, middle + before.fromMs - after.fromMs, 0);
}

/** How many lanes are in which state at a time, by index of {@link STATES}. */
export function countsAt(timeline: Timeline, lanes: readonly LaneId[], time: OffsetMs): Float64Array {
  const counts = new Float64Array(STATES.length);
  for (const lane of lanes) {
    const event = eventAt(timeline, lane, time, 0);
    if (event === undefined) continue;
    const state = at(timeline.stateOf, event);
    counts[state] = at(counts, state) + 1;
  }
  return counts;
}

/** Time by state of all lanes together, by index of {@link STATES}. */
export function totalsOf(timeline: Timeline, lanes: readonly LaneId[]): Float64Array {
  const totals = new Float64Array(STATES.length);
  for (const lane of lanes) {
    timeline.lanes[lane]?.stateMs.forEach((ms, state) => (totals[state] = at(totals, state) + ms));
  }
  return totals;
}

/** How much of its time the view may be zoomed in to. */
const LEAST_LENGTH_MS = 0.5;
/** The most one wheel event may zoom: trackpads send bursts of large deltas and would otherwise overshoot. */
const MAX_ZOOM_PER_EVENT = 0.15;

export function wholeOf(timeline: { readonly lengthMs: number }): View {
  return { start: 0, length: timeline.lengthMs };
}

export function clampView(timeline: { readonly lengthMs: number }, view: View): View {
  const whole = timeline.lengthMs;
  const length = Math.min(Math.max(view.length, Math.min(LEAST_LENGTH_MS, whole)), whole);
  return { start: Math.min(Math.max(view.start, 0), whole - length), length };
}

/** Zooms about a place of the view, from 0 to 1, which stays where it is. */
export function zoomAbout(
  timeline: { readonly lengthMs: number },
  view: View,
  anchor: number,
  wheelDelta: number,
): View {
  const amount = Math.min(Math.max(wheelDelta / 500, -MAX_ZOOM_PER_EVENT), MAX_ZOOM_PER_EVENT);
  const { length } = clampView(timeline, { start: 0, length: view.length * (1 + amount) });
  return clampView(timeline, { start: view.start + (view.length - length) * anchor, length });
}

/** `FROM,TO` in milliseconds since 1970, as the address and the API have it. */
export function encodeWindow(fromMs: UnixMs, toMs: UnixMs): string {
  return `${round3(fromMs)},${round3(toMs)}`;
}

export function decodeWindow(text: string): { fromMs: UnixMs; toMs: UnixMs } | undefined {
  const [fromMs, toMs] = text.split(',').map(Number);
  if (fromMs === undefined || toMs === undefined || !(fromMs < toMs)) return undefined;
  return { fromMs, toMs };
}

function round3(ms: number): string {
  return ms.toFixed(3).replace(/\.?0+$/, '');
}
