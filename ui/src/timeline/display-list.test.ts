import { describe, expect, it } from 'vitest';

import type { TimelineBody } from '../api/timeline.ts';
import node from '../golden/timeline-node.json' with { type: 'json' };
import { at } from '../model/call-tree.ts';
import { decodeTimeline, groupsOf, rowsOf, STATES, type Row, type Timeline } from '../model/timeline.ts';
import { DisplayList, type Frame } from './display-list.ts';
import { timelineAction, TIMELINE_KEYS } from './keyboard.ts';

const timeline = decodeTimeline(node as TimelineBody);
const rows = rowsOf(groupsOf(timeline), []);

function frameOf(start: number, length: number, only = -1): Frame {
  const place = { width: 1000, height: 10_000, scrollTop: 0, rowHeight: 24, barHeight: 18 };
  return { view: { start, length }, only, ...place };
}

function coveredPixels(list: DisplayList, row: number): number {
  let sum = 0;
  for (let slot = 0; slot < list.boxCount; slot++)
    if (list.boxRows[slot] === row) sum += list.boxWidths[slot] ?? 0;
  for (let slot = 0; slot < list.barCount; slot++)
    if (list.barRows[slot] === row) sum += (list.barWidths[slot] ?? 0) * ((list.barHeights[slot] ?? 0) / 18);
  return sum;
}

describe('display list of a timeline', () => {
  it.each([
    [0, 10_000],
    [4000, 500],
    [5100, 20],
  ])('covers as much as the events do, from %i for %i ms', (start, length) => {
    const list = new DisplayList();
    list.fill(timeline, rows, frameOf(start, length));
    const gc = timeline.lanes[0];
    let expected = 0;
    for (let event = gc?.first ?? 0; event < (gc?.end ?? 0); event++) {
      const from = Math.max(at(timeline.starts, event), start);
      const to = Math.min(at(timeline.ends, event), start + length);
      expected += Math.max(0, to - from) * (1000 / length);
    }
    // A sliver is drawn at least a pixel high, so that it is seen.
    expect(coveredPixels(list, 0)).toBeGreaterThan(expected * 0.97 - 1);
    expect(coveredPixels(list, 0)).toBeLessThan(expected * 1.2 + 8);
  });

  it('keeps bars inside of their rows', () => {
    const list = new DisplayList();
    list.fill(timeline, rows, frameOf(0, 10_000));
    expect(list.barCount).toBeGreaterThan(100);
    for (let slot = 0; slot < list.barCount; slot++) {
      const top = (list.barBottoms[slot] ?? 0) + (list.barHeights[slot] ?? 0);
      expect(top).toBeLessThanOrEqual(18 + STATES.length);
      expect((list.barXs[slot] ?? 0) + (list.barWidths[slot] ?? 0)).toBeLessThanOrEqual(1000);
    }
  });

  it('shows only the state that is asked for', () => {
    const list = new DisplayList();
    const gc = STATES.indexOf('gc');
    list.fill(timeline, rows, frameOf(0, 1000, gc));
    for (let slot = 0; slot < list.boxCount; slot++)
      expect(at(timeline.stateOf, at(list.boxEvents, slot))).toBe(gc);
    for (let slot = 0; slot < list.barCount; slot++) expect(list.barStates[slot]).toBe(gc);
  });

  it('lists only rows that are scrolled into view', () => {
    const list = new DisplayList();
    list.fill(timeline, rows, { ...frameOf(0, 10_000), height: 20, scrollTop: 24 });
    expect(new Set(list.barRows.subarray(0, list.barCount))).toEqual(new Set([1]));
  });

  it('lists far fewer shapes than there are events out of view', () => {
    const many = repeated(timeline, 30);
    const all = rowsOf(groupsOf(many), []).filter((row): row is Row => row.kind === 'lane');
    expect(many.size).toBeGreaterThan(50_000);
    const list = new DisplayList();
    for (const [start, length] of [
      [0, 10_000],
      [4000, 200],
    ] as const) {
      list.fill(many, all, { ...frameOf(start, length), height: 600 });
      expect(Math.max(...list.barRows.subarray(0, list.barCount))).toBeLessThanOrEqual(25);
      expect(list.boxCount + list.barCount).toBeLessThan(16_000);
    }
  });
});

describe('keys of the timeline', () => {
  it('are those that the help tells of', () => {
    const names: Record<string, string> = {
      '↑': 'ArrowUp',
      '↓': 'ArrowDown',
      '←': 'ArrowLeft',
      '→': 'ArrowRight',
      '−': '-',
      Esc: 'Escape',
    };
    for (const [keys] of TIMELINE_KEYS) {
      for (const name of keys.split(/\s+/)) {
        if (name === 'Shift') continue;
        const key = names[name] ?? name;
        const plain = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: keys.startsWith('Shift') };
        expect(timelineAction({ key, ...plain })).toBeDefined();
      }
    }
  });
});

/** The same lanes many times over, each a group of its own. */
function repeated(one: Timeline, times: number): Timeline {
  const body = node as TimelineBody;
  const copies = Array.from({ length: times }, (_, copy) => copy);
  const lanes = one.lanes.length;
  const all = <Value>(values: Value[]): Value[] => copies.flatMap(() => values);
  return decodeTimeline({
    ...body,
    lanes: {
      name: copies.flatMap((copy) => body.lanes.name.map((name) => `${name} ${copy}`)),
      group: copies.flatMap((copy) => body.lanes.name.map((name) => `${name} ${copy}`)),
      kind: all(body.lanes.kind),
      thread_id: all(body.lanes.thread_id),
      total_ms: all(body.lanes.total_ms),
    },
    events: {
      lane: copies.flatMap((copy) => body.events.lane.map((lane) => lane + copy * lanes)),
      start_ms: all(body.events.start_ms),
      duration_ms: all(body.events.duration_ms),
      state: all(body.events.state),
      function: all(body.events.function),
      endpoint: all(body.events.endpoint),
      span: all(body.events.span),
      detail: all(body.events.detail),
    },
  });
}
