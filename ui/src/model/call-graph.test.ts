import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { CallGraphBody } from '../api/call-graph.ts';
import { layOutGraph } from './graph-layout.ts';
import {
  decodeCallGraph,
  heatOf,
  matchesOf,
  neighborhood,
  nodeToward,
  sizeOf,
  startOf,
  thicknessOf,
} from './call-graph.ts';

const body = JSON.parse(
  readFileSync(new URL('../golden/callgraph.json', import.meta.url), 'utf8'),
) as CallGraphBody;
const graph = decodeCallGraph(body, 'function');
const idOf = (name: string): number => graph.nodes.findIndex((node) => node.name === name);

describe('the call graph of a Go service', () => {
  it('has each function once, the largest first, and only calls between them', () => {
    expect(graph.nodes).toHaveLength(80);
    const totals = graph.nodes.map((node) => node.total);
    expect(totals).toEqual(totals.toSorted((left, right) => right - left));
    expect(new Set(graph.nodes.map((node) => node.key)).size).toBe(80);
    for (const { from, to, value } of graph.edges) {
      const least = Math.min(graph.nodes[from]?.total ?? 0, graph.nodes[to]?.total ?? 0);
      expect(value).toBeLessThanOrEqual(least);
    }
  });

  it('knows callers and callees, and leaves recursion out of both', () => {
    const sort = idOf('slices.pdqsortOrdered[go.shape.float64]');
    expect(graph.edges.some((edge) => edge.from === sort && edge.to === sort)).toBe(true);
    const { callers, callees } = neighborhood(graph, sort);
    expect([...callers].map((node) => graph.nodes[node]?.name)).toEqual([
      'slices.Sort[go.shape.[]float64,go.shape.float64]',
    ]);
    expect(callees.has(sort)).toBe(false);
    expect(callees.size).toBeGreaterThan(1);
  });

  it('draws what spends more itself larger and hotter, and what flows more thicker', () => {
    const hot = idOf('slices.partitionOrdered[go.shape.float64]');
    const cold = idOf('runtime/pprof.Do');
    expect(heatOf(graph, hot)).toBe(5);
    expect(heatOf(graph, cold)).toBe(0);
    expect(sizeOf(graph, hot).height).toBeGreaterThan(sizeOf(graph, cold).height);
    const [thick, ...others] = graph.edges.map((edge) => thicknessOf(graph, edge));
    expect(Math.max(...others)).toBeLessThanOrEqual(thick ?? 0);
  });

  it('is searched by name and file', () => {
    expect(matchesOf(graph, '')).toBeUndefined();
    expect(matchesOf(graph, 'main.handleOrders')).toEqual([idOf('main.handleOrders')]);
    expect(matchesOf(graph, 'nothing is called this')).toEqual([]);
  });
});

describe('its layout', () => {
  const layout = layOutGraph(graph);

  it('keeps boxes apart', () => {
    layout.boxes.forEach((box, index) => {
      for (const other of layout.boxes.slice(index + 1)) {
        const apart =
          Math.abs(box.x - other.x) >= (box.width + other.width) / 2 - 0.01 ||
          Math.abs(box.y - other.y) >= (box.height + other.height) / 2 - 0.01;
        expect(apart).toBe(true);
      }
    });
  });

  it('is read from the top of what almost everything goes through', () => {
    const start = startOf(graph, layout.boxes);
    expect(graph.nodes[start]?.name).toBe('main.main.func1');
    expect(startOf({ ...graph, nodes: [] }, [])).toBe(0);
  });

  it('is walked by arrows along the largest flows', () => {
    const toward = (node: number, key: string) => nodeToward(graph, layout.boxes, node, key);
    const first = toward(0, 'ArrowDown') ?? -1;
    expect(graph.nodes[first]?.name).toBe('runtime/pprof.Do');
    expect(toward(first, 'ArrowUp')).toBe(0);
    expect(toward(first, 'Home')).toBe(0);
    const orders = idOf('main.handleOrders');
    const users = idOf('main.handleUsers');
    const [left, right] =
      (layout.boxes[orders]?.x ?? 0) < (layout.boxes[users]?.x ?? 0) ? [orders, users] : [users, orders];
    const walked = [left];
    for (let node: number | undefined = left; node !== undefined; node = toward(node, 'ArrowRight'))
      walked.push(node);
    expect(walked).toContain(right);
    expect(toward(0, 'x')).toBeUndefined();
  });
});
