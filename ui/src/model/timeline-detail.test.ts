import { describe, expect, it } from 'vitest';

import type { TimelineBody } from '../api/timeline.ts';
import go from '../golden/timeline-go.json' with { type: 'json' };
import { at } from './call-tree.ts';
import { detailWindow, withDetail } from './timeline-detail.ts';
import { decodeTimeline, decodeWindow, encodeWindow, sameEvent } from './timeline.ts';

const body = go as TimelineBody;
const coarse = decodeTimeline(body);
const inView = (from: number, length: number): string =>
  encodeWindow(coarse.fromMs + from, coarse.fromMs + from + length);

describe('the part of a timeline to look at more closely', () => {
  it('is not asked for where most is in view, or nothing was joined', () => {
    expect(detailWindow(coarse, '')).toBe('');
    expect(detailWindow(coarse, inView(0, 30))).toBe('');
    expect(detailWindow({ ...coarse, merged: 0 }, inView(20, 5))).toBe('');
  });

  it('holds what is in view with room on both sides, and stays the same when that moves a little', () => {
    const wanted = detailWindow(coarse, inView(20, 3));
    const { fromMs, toMs } = decodeWindow(wanted) ?? { fromMs: 0, toMs: 0 };
    expect(fromMs - coarse.fromMs).toBeLessThanOrEqual(18);
    expect(toMs - coarse.fromMs).toBeGreaterThanOrEqual(25);
    expect(detailWindow(coarse, inView(20.5, 3))).toBe(wanted);
    expect(detailWindow(coarse, inView(0, 3))).toContain(`${coarse.fromMs}`);
  });
});

describe('a timeline with a closer look at a part', () => {
  const [from, to] = [20, 30];
  const window = encodeWindow(coarse.fromMs + from, coarse.fromMs + to);
  // Every event of the part in two halves.
  const close: TimelineBody = { ...body, events: halved(body, from, to) };
  const both = withDetail(coarse, close, window);

  it('has the same time in each lane, and more events', () => {
    expect(both.size).toBeGreaterThan(coarse.size);
    both.lanes.forEach((lane, index) => {
      const time = (timeline: typeof both, { first, end }: { first: number; end: number }): number => {
        let sum = 0;
        for (let event = first; event < end; event++)
          sum += at(timeline.ends, event) - at(timeline.starts, event);
        return sum;
      };
      expect(time(both, lane)).toBeCloseTo(time(coarse, coarse.lanes[index] ?? lane), 2);
    });
  });

  it('keeps events of a lane in order, with the names they had', () => {
    for (const lane of both.lanes) {
      for (let event = lane.first + 1; event < lane.end; event++)
        expect(at(both.starts, event)).toBeGreaterThanOrEqual(at(both.starts, event - 1));
    }
    for (let event = 0; event < coarse.size; event++) {
      const same = sameEvent(coarse, event, both);
      // Of some that lie within others, the inner one is found in either.
      if (same === undefined || sameEvent(coarse, event, coarse) !== event) continue;
      expect(both.functions[at(both.functionOf, same)]).toBe(coarse.functions[at(coarse.functionOf, event)]);
    }
  });

  it('is left out where its lanes are others', () => {
    const others = { ...close, lanes: { ...close.lanes, name: close.lanes.name.map(() => 'x') } };
    expect(withDetail(coarse, others, window)).toBe(coarse);
  });
});

function halved({ events }: TimelineBody, from: number, to: number): TimelineBody['events'] {
  const rows = events.lane.flatMap((_, row) => {
    const start = Math.max(events.start_ms[row] ?? 0, from);
    const end = Math.min((events.start_ms[row] ?? 0) + (events.duration_ms[row] ?? 0), to);
    const half = (end - start) / 2;
    return end <= start
      ? []
      : [
          { row, start, half },
          { row, start: start + half, half },
        ];
  });
  const column = <Value>(name: keyof TimelineBody['events']): Value[] =>
    rows.map(({ row }) => events[name][row] as Value);
  return {
    lane: column('lane'),
    start_ms: rows.map(({ start }) => start),
    duration_ms: rows.map(({ half }) => half),
    state: column('state'),
    function: column('function'),
    endpoint: column('endpoint'),
    span: column('span'),
    detail: column('detail'),
  };
}
