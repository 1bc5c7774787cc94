import type { TimelineBody } from '../api/timeline.ts';
import { at } from './call-tree.ts';
import { decodeTimeline, decodeWindow, encodeWindow, type Lane, type Timeline } from './timeline.ts';

/** Of what part of the time a closer look is worth asking for. */
const LARGEST_PART = 1 / 3;

/**
 * The part of a timeline to look at more closely when `inView` is in view, `FROM,TO` in milliseconds since 1970; empty where
 * all there is to see is seen. More than what is in view, and with ends on a grid, so that moving a little asks for
 * nothing.
 */
export function detailWindow(timeline: Timeline, inView: string): string {
  const view = decodeWindow(inView);
  if (!view || timeline.merged === 0) return '';
  const length = view.toMs - view.fromMs;
  if (length > timeline.lengthMs * LARGEST_PART) return '';
  const step = 2 ** Math.ceil(Math.log2(length)) / 2;
  const start = view.fromMs - timeline.fromMs;
  const from = Math.floor(start / step - 1) * step;
  const to = Math.ceil((start + length) / step + 1) * step;
  return encodeWindow(timeline.fromMs + Math.max(from, 0), timeline.fromMs + Math.min(to, timeline.lengthMs));
}

/**
 * A timeline whose events of one part are those of a closer look at it. Both have the same lanes; where they do not,
 * because they were drawn of different samples, the coarse one stays as it is.
 */
export function withDetail(coarse: Timeline, body: TimelineBody, window: string): Timeline {
  const part = decodeWindow(window);
  const detail = decodeTimeline(body);
  if (!part || !haveSameLanes(coarse, detail)) return coarse;
  const from = part.fromMs - coarse.fromMs;
  const to = part.toMs - coarse.fromMs;
  const most = coarse.size * 2 + detail.size;
  const starts = new Float64Array(most);
  const ends = new Float64Array(most);
  const reaches = new Float64Array(most);
  const laneOf = new Int32Array(most);
  const stateOf = new Int32Array(most);
  const functionOf = new Int32Array(most);
  const endpoints: string[] = [];
  const spans: string[] = [];
  const details: string[] = [];
  const lanes: Lane[] = [];
  let size = 0;
  let reach = 0;
  const push = (source: Timeline, event: number, start: number, end: number): void => {
    reach = Math.max(reach, end);
    starts[size] = start;
    ends[size] = end;
    reaches[size] = reach;
    laneOf[size] = lanes.length;
    stateOf[size] = at(source.stateOf, event);
    const name = at(source.functionOf, event);
    functionOf[size] = name >= 0 && source === detail ? name + coarse.functions.length : name;
    endpoints.push(source.endpoints[event] ?? '');
    spans.push(source.spans[event] ?? '');
    details.push(source.details[event] ?? '');
    size += 1;
  };
  coarse.lanes.forEach((lane, index) => {
    const first = size;
    reach = 0;
    for (let event = lane.first; event < lane.end && at(coarse.starts, event) < from; event++) {
      push(coarse, event, at(coarse.starts, event), Math.min(at(coarse.ends, event), from));
    }
    const closer = detail.lanes[index];
    for (let event = closer?.first ?? 0; event < (closer?.end ?? 0); event++) {
      push(detail, event, at(detail.starts, event), at(detail.ends, event));
    }
    for (let event = lane.first; event < lane.end; event++) {
      const end = at(coarse.ends, event);
      if (end > to) push(coarse, event, Math.max(at(coarse.starts, event), to), end);
    }
    lanes.push({ ...lane, first, end: size });
  });
  return {
    ...coarse,
    lanes,
    size,
    starts: starts.subarray(0, size),
    ends: ends.subarray(0, size),
    reaches: reaches.subarray(0, size),
    laneOf: laneOf.subarray(0, size),
    stateOf: stateOf.subarray(0, size),
    functions: [...coarse.functions, ...detail.functions],
    functionOf: functionOf.subarray(0, size),
    endpoints,
    spans,
    details,
  };
}

function haveSameLanes(coarse: Timeline, detail: Timeline): boolean {
  return (
    coarse.fromMs === detail.fromMs &&
    coarse.lanes.length === detail.lanes.length &&
    coarse.lanes.every(({ kind, name }, index) => {
      const other = detail.lanes[index];
      return other?.kind === kind && other.name === name;
    })
  );
}
