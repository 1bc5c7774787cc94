import { describe, expect, it } from 'vitest';

import type { TimelineBody } from '../api/timeline.ts';
import golden from '../golden/timeline-go.json' with { type: 'json' };
import node from '../golden/timeline-node.json' with { type: 'json' };
import python from '../golden/timeline-python.json' with { type: 'json' };
import { at } from './call-tree.ts';
import { formatClock, formatOffset } from './format.ts';
import { clockTicks, relativeTicks, tickStep } from './timeline-axis.ts';
import { laneName, laneTitle, sentenceOf, stepOf } from './timeline-words.ts';
import {
  clampView,
  countsAt,
  decodeTimeline,
  decodeWindow,
  edgeEvent,
  encodeWindow,
  eventAt,
  eventNear,
  groupsOf,
  isLaneFilter,
  laneFilter,
  neighbor,
  passesFilters,
  rowsOf,
  STATES,
  totalsOf,
  zoomAbout,
} from './timeline.ts';

const goldens = [
  ['node', decodeTimeline(node as TimelineBody)],
  ['python', decodeTimeline(python as TimelineBody)],
] as const;
const [, nodeTimeline] = goldens[0];
const [, pythonTimeline] = goldens[1];

describe.each(goldens)('timeline of %s', (_, timeline) => {
  it('gives every event to one lane', () => {
    const counts = timeline.lanes.map((lane) => lane.end - lane.first);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(timeline.size);
    timeline.lanes.forEach((lane, index) => {
      for (let event = lane.first; event < lane.end; event++) expect(at(timeline.laneOf, event)).toBe(index);
    });
  });

  it('adds up the time of each state', () => {
    const totals = totalsOf(
      timeline,
      timeline.lanes.map((_lane, index) => index),
    );
    let sum = 0;
    for (let event = 0; event < timeline.size; event++)
      sum += at(timeline.ends, event) - at(timeline.starts, event);
    expect(totals.reduce((all, ms) => all + ms, 0)).toBeCloseTo(sum, 6);
  });

  it('finds every event in its middle, or one that lies within it', () => {
    for (let event = 0; event < timeline.size; event++) {
      const [start, end] = [at(timeline.starts, event), at(timeline.ends, event)];
      const found = eventAt(timeline, at(timeline.laneOf, event), (start + end) / 2, 0);
      expect(found).toBeDefined();
      if (found === undefined || found === event) continue;
      expect(at(timeline.starts, found)).toBeGreaterThanOrEqual(start);
    }
  });

  it('walks from the first event of a lane to its last', () => {
    for (const lane of timeline.lanes) {
      let event = edgeEvent(timeline, lane, -1);
      let steps = 1;
      while (event !== undefined && event !== edgeEvent(timeline, lane, 1)) {
        event = neighbor(timeline, event, 1);
        steps += 1;
      }
      expect(steps).toBe(lane.end - lane.first);
    }
  });

  it('has no row twice, folded or not', () => {
    const groups = groupsOf(timeline);
    const unfolded = rowsOf(
      groups,
      groups.map((group) => group.key),
    );
    const lanes = unfolded.flatMap((row) => (row.kind === 'lane' ? [row.lane] : []));
    expect(lanes).toEqual(timeline.lanes.map((_lane, index) => index));
    expect(rowsOf(groups, []).length).toBeLessThan(unfolded.length);
  });
});

describe('lanes', () => {
  it('come with the runtime on top and pools folded', () => {
    const names = rowsOf(groupsOf(nodeTimeline), []).map((row) =>
      row.kind === 'group'
        ? `${row.group.name} of ${row.group.lanes.length}`
        : nodeTimeline.lanes[row.lane]?.name,
    );
    expect(names).toEqual(['Garbage collection', 'Main Event Loop', 'zlib of 4']);
  });

  it('say what each thread of a pool does at a time', () => {
    const workers = groupsOf(pythonTimeline).find((group) => group.name === 'worker');
    const counts = countsAt(pythonTimeline, workers?.lanes ?? [], 1000);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(4);
  });

  it('lead to an event at about the same time', () => {
    const event = eventNear(nodeTimeline, 1, 5000);
    expect(event).toBeDefined();
    expect(Math.abs(at(nodeTimeline.starts, event ?? 0) - 5000)).toBeLessThan(200);
    const wait = STATES.indexOf('wait');
    const waiting = eventNear(nodeTimeline, 1, 5000, wait);
    expect(at(nodeTimeline.stateOf, waiting ?? 0)).toBe(wait);
    expect(eventNear(nodeTimeline, 0, 5000, wait)).toBeUndefined();
  });

  it('tell of an event in one sentence', () => {
    expect(sentenceOf(nodeTimeline, 0)).toMatch(
      /^\S+, Garbage collection, [\d.]+ ms, at \+\d+ ms, Garbage collection, 1 of 73$/,
    );
  });
});

describe('view', () => {
  const whole = { lengthMs: 10_000 };

  it('stays inside of the timeline, whatever is done to it', () => {
    let view = { start: 0, length: 10_000 };
    for (let step = 0; step < 400; step++) view = zoomAbout(whole, view, 0.7, -120);
    expect(view.length).toBeGreaterThan(0.4);
    expect(view.start + view.length * 0.7).toBeCloseTo(7000, 0);
    for (let step = 0; step < 400; step++) view = zoomAbout(whole, view, 0.1, 120);
    expect(view).toEqual({ start: 0, length: 10_000 });
    expect(clampView(whole, { start: 9999, length: 500 })).toEqual({ start: 9500, length: 500 });
  });

  it('goes through the address and back', () => {
    const text = encodeWindow(1_795_215_720_000.125, 1_795_215_720_250);
    expect(text).toBe('1795215720000.125,1795215720250');
    expect(decodeWindow(text)).toEqual({ fromMs: 1_795_215_720_000.125, toMs: 1_795_215_720_250 });
    for (const wrong of ['', '1', '2,1', 'a,b']) expect(decodeWindow(wrong)).toBeUndefined();
  });
});

describe('time axis', () => {
  it('has round steps, neither too many nor too few', () => {
    for (let length = 0.5; length < 4e6; length *= 1.7) {
      const step = tickStep(length, 1200, 96);
      const count = relativeTicks(0, length, step).length;
      expect(count).toBeGreaterThanOrEqual(2);
      expect(count).toBeLessThanOrEqual(14);
    }
  });

  it('tells neighbors apart', () => {
    for (const step of [0.1, 0.5, 2, 50, 500, 5000, 30_000]) {
      const labels = relativeTicks(12_345, step * 10, step).map((tick) => tick.label);
      expect(new Set(labels).size).toBe(labels.length);
    }
  });

  it('puts the clock at round times', () => {
    const ticks = clockTicks(1_795_215_962_242.575, 0, 5000, 1000);
    expect(ticks.map((tick) => tick.label.slice(-2))).toEqual(['03', '04', '05', '06', '07']);
    expect(
      at(
        Float64Array.from(ticks, (tick) => tick.offset),
        0,
      ),
    ).toBeCloseTo(757.425, 3);
  });

  it('writes times since the start', () => {
    expect(formatOffset(0, 1000)).toBe('0');
    expect(formatOffset(320, 10)).toBe('+320 ms');
    expect(formatOffset(1250, 10)).toBe('+1.25 s');
    expect(formatOffset(65_000, 5000)).toBe('+1:05');
    expect(formatOffset(65_250, 10)).toBe('+1:05.25');
    expect(formatClock(Date.UTC(2026, 0, 1, 0, 0, 1, 250), 1)).toMatch(/:01\.250$/);
  });
});

describe('words', () => {
  it('leaves out the import path of what a goroutine started with', () => {
    const short = (name: string): string => laneName(name, 'goroutine');
    expect(short('github.com/DataDog/dd-trace-go/v2/profiler.(*profiler).collect.func2 #6')).toBe(
      'profiler.(*profiler).collect.func2 #6',
    );
    expect(short('runtime/pprof.profileWriter #35')).toBe('pprof.profileWriter #35');
    expect(short('main.each[go.shape.*uint8/x] and 3 more')).toBe('main.each[go.shape.*uint8/x] and 3 more');
    expect(laneName('worker/1', 'thread')).toBe('worker/1');
  });

  it('has the words of people for what runtimes do', () => {
    expect(laneTitle('vm operation', 'runtime')).toBe('VM operations');
    expect(laneTitle('net 12', 'async')).toBe('Connections 12');
    expect(laneTitle('Proc 1', 'runtime')).toBe('Proc 1');
    expect(laneTitle('net 1', 'thread')).toBe('net 1');
  });

  it('tells times apart as finely as the timeline is long', () => {
    expect([60, 5000, 60_000].map((lengthMs) => stepOf({ lengthMs }))).toEqual([0.01, 1, 1]);
  });
});

describe('filters of lanes', () => {
  it('are by thread, and of goroutines by the function that they started with', () => {
    const go = decodeTimeline(golden as TimelineBody);
    const filterOf = (name: string): string =>
      go.lanes.filter((each) => each.name.startsWith(name)).map(laneFilter)[0] ?? 'none';
    const own = filterOf('main.main.func1');
    expect(own).toBe('goroutine:main.main.func1');
    expect(filterOf('Proc 0')).toBe('none');
    expect(isLaneFilter(own)).toBe(true);
    const passing = go.lanes.filter((each) => passesFilters(each, [own]));
    expect(new Set(passing.map((each) => each.group))).toEqual(new Set(['runtime', 'main.main.func1']));
  });
});
