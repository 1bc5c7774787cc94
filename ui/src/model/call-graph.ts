import type { CallGraphBody } from '../api/call-graph.ts';
import type { FrameKind, Granularity } from '../api/types.ts';
import { compileSearch } from './search.ts';
import { keyAt } from './transforms.ts';

/** Index into {@link CallGraph.nodes}. */
export type GraphNodeId = number;

export interface GraphNode {
  readonly name: string;
  readonly file: string;
  readonly module: string;
  readonly package: string;
  readonly kind: FrameKind;
  readonly self: number;
  readonly total: number;
  /** What a transform calls it. */
  readonly key: string;
}

export interface GraphEdge {
  readonly from: GraphNodeId;
  readonly to: GraphNodeId;
  readonly value: number;
  /** Most of it came by way of functions that are not shown. */
  readonly isIndirect: boolean;
}

/** Functions once each, the largest total first, and what flows between them. */
export interface CallGraph {
  readonly unit: string;
  readonly total: number;
  readonly samples: number;
  readonly prunedNodes: number;
  readonly prunedEdges: number;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export function decodeCallGraph(body: CallGraphBody, granularity: Granularity): CallGraph {
  const text = (index: number | undefined): string => body.strings[index ?? 0] ?? '';
  const { functions } = body;
  const places = new Map(body.nodes.function.map((index, node) => [index, node]));
  const nodes = body.nodes.function.map((index, node): GraphNode => {
    const frame = {
      name: text(functions.name[index]),
      file: text(functions.file[index]),
      module: text(functions.module[index]),
      line: functions.line[index] ?? 0,
      package: text(functions.package[index]),
    };
    return {
      ...frame,
      name: frame.name || '(unknown)',
      kind: functions.kind[index] ?? 6,
      self: body.nodes.self[node] ?? 0,
      total: body.nodes.total[node] ?? 0,
      key: keyAt(granularity, frame),
    };
  });
  const edges = body.edges.from.flatMap((caller, index): GraphEdge[] => {
    const [from, to] = [places.get(caller), places.get(body.edges.to[index] ?? -1)];
    if (from === undefined || to === undefined) return [];
    const value = body.edges.value[index] ?? 0;
    return [{ from, to, value, isIndirect: (body.edges.indirect[index] ?? 0) * 2 > value }];
  });
  const { unit, total, samples, pruned } = body;
  return { unit, total, samples, prunedNodes: pruned.nodes, prunedEdges: pruned.edges, nodes, edges };
}

/** How much of the whole is spent in a function itself: from 0 to 5, for its color. */
export function heatOf(graph: CallGraph, node: GraphNodeId): number {
  const share = (graph.nodes[node]?.self ?? 0) / (graph.total || 1);
  return [0.005, 0.02, 0.05, 0.1, 0.25].filter((step) => share >= step).length;
}

export interface NodeSize {
  readonly width: number;
  readonly height: number;
}

/** Wide enough for its name up to a bound; larger the more it spends itself, by area so that twice looks like twice. */
export function sizeOf(graph: CallGraph, node: GraphNodeId): NodeSize {
  const { name = '', self = 0 } = graph.nodes[node] ?? {};
  const weight = Math.sqrt(self / (graph.total || 1));
  const letters = Math.min(Math.max(name.length, 14), 26);
  return {
    width: Math.round(letters * 6.7 + 22 + weight * 40),
    height: Math.round(42 + weight * 30),
  };
}

/** In pixels, from a hair to what cannot be missed. */
export function thicknessOf(graph: CallGraph, edge: GraphEdge): number {
  return Math.max(1, Math.sqrt(edge.value / (graph.total || 1)) * 9);
}

export interface Neighborhood {
  readonly callers: ReadonlySet<GraphNodeId>;
  readonly callees: ReadonlySet<GraphNodeId>;
}

export function neighborhood(graph: CallGraph, node: GraphNodeId): Neighborhood {
  const others = graph.edges.filter((edge) => edge.from !== edge.to);
  return {
    callers: new Set(others.filter((edge) => edge.to === node).map((edge) => edge.from)),
    callees: new Set(others.filter((edge) => edge.from === node).map((edge) => edge.to)),
  };
}

export type Place = { readonly x: number; readonly y: number };

/** Where an arrow key leads: down the largest flow to a callee, up to the largest caller, aside on the same level. */
export function nodeToward(
  graph: CallGraph,
  places: readonly Place[],
  node: GraphNodeId,
  key: string,
): GraphNodeId | undefined {
  const largest = (pick: (edge: GraphEdge) => GraphNodeId | undefined): GraphNodeId | undefined => {
    let found: { other: GraphNodeId; value: number } | undefined;
    for (const edge of graph.edges) {
      const other = pick(edge);
      if (other !== undefined && other !== node && (!found || edge.value > found.value))
        found = { other, value: edge.value };
    }
    return found?.other;
  };
  const own = places[node];
  switch (key) {
    case 'ArrowDown':
      return largest((edge) => (edge.from === node ? edge.to : undefined));
    case 'ArrowUp':
      return largest((edge) => (edge.to === node ? edge.from : undefined));
    case 'ArrowLeft':
    case 'ArrowRight': {
      if (!own) return undefined;
      const sign = key === 'ArrowLeft' ? -1 : 1;
      const aside = places
        .map((place, other) => ({ other, ahead: (place.x - own.x) * sign, level: Math.abs(place.y - own.y) }))
        .filter(({ other, ahead, level }) => other !== node && ahead > 0 && level < 30);
      aside.sort((left, right) => left.ahead - right.ahead);
      return aside[0]?.other;
    }
    case 'Home':
      return graph.nodes.length > 0 ? 0 : undefined;
    default:
      return undefined;
  }
}

/** Where to begin to read: of those that almost everything goes through, the one furthest up. */
export function startOf(graph: CallGraph, places: readonly Place[]): GraphNodeId {
  const most = (graph.nodes[0]?.total ?? 0) * 0.95;
  let start = 0;
  graph.nodes.forEach((node, index) => {
    if (node.total >= most && (places[index]?.y ?? 0) < (places[start]?.y ?? 0)) start = index;
  });
  return start;
}

/** Nodes that match a search, in order; `undefined` without one. */
export function matchesOf(graph: CallGraph, search: string): readonly GraphNodeId[] | undefined {
  const matches = compileSearch(search);
  if (!matches) return undefined;
  return graph.nodes.flatMap((node, index) =>
    matches(node.name) || matches(node.file) || matches(node.module) ? [index] : [],
  );
}
