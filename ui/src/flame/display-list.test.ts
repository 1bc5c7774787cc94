import { describe, expect, it } from 'vitest';

import { at, decodeCallTree, type CallTree } from '../model/call-tree.ts';
import { random, randomBody } from '../model/random-tree.testing.ts';
import { depthAt, DisplayList, hitTest, rowTop, type Frame } from './display-list.ts';
import { between, clampSpan, isAt, panBy, spanOf, zoomAbout } from './viewport.ts';

const ROW = 20;

function frameOf(tree: CallTree, start: number, length: number): Frame {
  return {
    span: clampSpan(tree, { start, length }),
    width: 800,
    height: 10_000,
    scrollTop: 0,
    rowHeight: ROW,
    upright: false,
  };
}

describe('display list', () => {
  it.each([1, 2, 3, 4])('shows each visible node once, as a box or in a run (seed %i)', (seed) => {
    const tree = decodeCallTree(randomBody({ seed, nodes: 3000 }), 'function');
    const next = random(seed + 100);
    const list = new DisplayList();
    for (let round = 0; round < 20; round++) {
      const whole = at(tree.totals, 0);
      const frame = frameOf(tree, next() * whole, whole * next() ** 3);
      list.fill(tree, frame);

      const seen = new Map<number, number>();
      const see = (node: number): void => void seen.set(node, (seen.get(node) ?? 0) + 1);
      for (let slot = 0; slot < list.boxCount; slot++) see(at(list.boxNodes, slot));
      for (let slot = 0; slot < list.runCount; slot++) {
        const row = tree.rows[at(list.runDepths, slot)] ?? new Int32Array();
        for (let index = at(list.runFirsts, slot); index <= at(list.runLasts, slot); index++)
          see(at(row, index));
      }
      const right = frame.span.start + frame.span.length;
      const wrong: number[] = [];
      for (let node = 0; node < tree.size; node++) {
        const start = at(tree.starts, node);
        const visible = start < right && start + at(tree.totals, node) > frame.span.start;
        // A run may reach a hair past an edge; nothing visible may be missing or doubled.
        const times = seen.get(node) ?? 0;
        if (visible ? times !== 1 : times > 1) wrong.push(node);
      }
      expect(wrong).toEqual([]);
    }
  });

  it('keeps boxes inside of the canvas and apart within a row', () => {
    const tree = decodeCallTree(randomBody({ seed: 9, nodes: 5000 }), 'function');
    const list = new DisplayList();
    const whole = at(tree.totals, 0);
    list.fill(tree, frameOf(tree, whole * 0.2, whole * 0.05));
    let depth = -1;
    let previousEnd = 0;
    for (let slot = 0; slot < list.boxCount; slot++) {
      if (at(list.boxDepths, slot) !== depth) previousEnd = 0;
      depth = at(list.boxDepths, slot);
      const x = list.boxXs[slot] ?? 0;
      const end = x + (list.boxWidths[slot] ?? 0);
      expect(x).toBeGreaterThanOrEqual(previousEnd - 0.01);
      expect(end).toBeLessThanOrEqual(800.01);
      previousEnd = end;
    }
    expect(list.boxCount).toBeGreaterThan(10);
  });

  it('lists only rows that are scrolled into view', () => {
    const tree = decodeCallTree(randomBody({ seed: 5, nodes: 3000 }), 'function');
    const list = new DisplayList();
    list.fill(tree, {
      span: spanOf(tree, 0),
      width: 800,
      height: 100,
      scrollTop: 5 * ROW,
      rowHeight: ROW,
      upright: false,
    });
    const depths = new Set(Array.from(list.boxDepths.subarray(0, list.boxCount)));
    expect(Math.min(...depths)).toBe(5);
    expect(Math.max(...depths)).toBeLessThanOrEqual(10);
  });

  it('draws far fewer shapes than nodes when most are narrower than a pixel', () => {
    const tree = decodeCallTree(randomBody({ seed: 8, nodes: 50_000 }), 'function');
    const list = new DisplayList();
    list.fill(tree, frameOf(tree, 0, at(tree.totals, 0)));
    expect(list.boxCount + list.runCount).toBeLessThan(tree.size / 4);
  });

  it('hits the box that is painted at a point', () => {
    const tree = decodeCallTree(randomBody({ seed: 2, nodes: 2000 }), 'function');
    const list = new DisplayList();
    const frame = frameOf(tree, 0, at(tree.totals, 0) / 3);
    list.fill(tree, frame);
    for (let slot = 0; slot < list.boxCount; slot++) {
      const width = list.boxWidths[slot] ?? 0;
      if (width < 3) continue;
      const x = (list.boxXs[slot] ?? 0) + width / 2;
      const hit = hitTest(tree, frame, x, at(list.boxDepths, slot) * ROW + 3);
      expect(hit).toEqual({ kind: 'box', node: at(list.boxNodes, slot) });
    }
    expect(hitTest(tree, frame, 10, 9_999)).toBeUndefined();
  });

  it('stands on its root when upright: the lowest row is the root, and hits follow', () => {
    const tree = decodeCallTree(randomBody({ seed: 6, nodes: 400 }), 'function');
    const rows = tree.rows.length;
    const span = spanOf(tree, 0);
    for (const height of [rows * ROW + 300, 100]) {
      const scrollTop = Math.max(0, rows * ROW - height);
      const frame: Frame = { span, width: 800, height, scrollTop, rowHeight: ROW, upright: true };
      expect(rowTop(frame, rows, 0)).toBe(height - ROW);
      expect(hitTest(tree, frame, 400, height - 3)).toEqual({ kind: 'box', node: 0 });
      for (const depth of [0, 1, 2]) {
        const top = rowTop(frame, rows, depth);
        expect(depthAt(frame, rows, top)).toBe(depth);
        expect(depthAt(frame, rows, top + ROW - 0.5)).toBe(depth);
      }
      const list = new DisplayList();
      list.fill(tree, frame);
      const depths = new Set(Array.from(list.boxDepths.subarray(0, list.boxCount)));
      expect(depths.has(0)).toBe(true);
      expect(Math.max(...depths)).toBeLessThanOrEqual(Math.ceil(height / ROW));
    }
  });

  it('answers with the sum over a run of slivers', () => {
    const slivers = 4000;
    const body = randomBody({ seed: 1, nodes: 2 });
    const tree = decodeCallTree(
      {
        ...body,
        nodes: {
          parent: [-1, ...Array.from({ length: slivers }, () => 0)],
          function: [-1, ...Array.from({ length: slivers }, () => 0)],
          self: [0, ...Array.from({ length: slivers }, () => 1)],
          total: [slivers, ...Array.from({ length: slivers }, () => 1)],
        },
      },
      'function',
    );
    const frame = { ...frameOf(tree, 0, slivers), width: 400 };
    const list = new DisplayList();
    list.fill(tree, frame);
    expect(list.runCount).toBe(1);
    expect(list.runWidths[0]).toBeCloseTo(400);
    const hit = hitTest(tree, frame, 200, ROW + 1);
    expect(hit?.kind).toBe('run');
    if (hit?.kind === 'run') expect(hit.count).toBeGreaterThan(10);
  });
});

describe('viewport', () => {
  const tree = decodeCallTree(randomBody({ seed: 4, nodes: 200 }), 'function');
  const whole = spanOf(tree, 0);

  it('never leaves the root, however it is moved', () => {
    const next = random(17);
    let span = whole;
    for (let step = 0; step < 2000; step++) {
      span =
        next() < 0.5
          ? zoomAbout(tree, span, next(), (next() - 0.6) * 900)
          : panBy(tree, span, next() * 4 - 2);
      expect(span.start).toBeGreaterThanOrEqual(0);
      expect(span.start + span.length).toBeLessThanOrEqual(whole.length * (1 + 1e-12));
      expect(span.length).toBeGreaterThan(0);
    }
  });

  it('zooms at most 15% per event and keeps what is under the pointer there', () => {
    const half = clampSpan(tree, { start: whole.length / 4, length: whole.length / 2 });
    const zoomed = zoomAbout(tree, half, 0.25, -10_000);
    expect(zoomed.length / half.length).toBeCloseTo(0.85);
    expect(zoomed.start + zoomed.length * 0.25).toBeCloseTo(half.start + half.length * 0.25);
  });

  it('arrives exactly', () => {
    const target = spanOf(tree, 5);
    expect(between(whole, target, 1)).toEqual(target);
    expect(isAt(between(whole, target, 1), target)).toBe(true);
    expect(isAt(between(whole, target, 0.5), target)).toBe(false);
  });
});
