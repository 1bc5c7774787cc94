import { graphlib, layout } from '@dagrejs/dagre';

import { sizeOf, type CallGraph } from './call-graph.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** Where everything is: boxes by their middle, edges as the points they lead through. */
export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly edges: readonly (readonly Point[])[];
}

/** In ranks from callers to callees, with the heavy flows short and straight. */
export function layOutGraph(graph: CallGraph): GraphLayout {
  const drawn = new graphlib.Graph();
  // Of a cycle the thinnest call is drawn upwards, not just any.
  const acyclicer = 'greedy';
  drawn.setGraph({
    acyclicer,
    rankdir: 'TB',
    nodesep: 18,
    edgesep: 10,
    ranksep: 46,
    marginx: 24,
    marginy: 20,
  });
  drawn.setDefaultEdgeLabel(() => ({}));
  graph.nodes.forEach((_, node) => drawn.setNode(String(node), { ...sizeOf(graph, node) }));
  for (const edge of graph.edges) {
    const weight = 1 + Math.round((edge.value / (graph.total || 1)) * 30);
    drawn.setEdge(String(edge.from), String(edge.to), { weight, width: 0, height: 0 });
  }
  layout(drawn);
  const { width = 0, height = 0 } = drawn.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    boxes: graph.nodes.map((_, node) => {
      const box = drawn.node(String(node)) as Box;
      return { x: box.x, y: box.y, width: box.width, height: box.height };
    }),
    edges: graph.edges.map((edge) => {
      const { points = [] } = drawn.edge(String(edge.from), String(edge.to)) as { points?: Point[] };
      return points.map(({ x, y }) => ({ x, y }));
    }),
  };
}
