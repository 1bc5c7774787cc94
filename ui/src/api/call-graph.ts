import { sampleParams, useScoped, type FlameGraphQuestion, type Scope } from './queries.ts';
import type { BasisBody, FunctionsBody } from './types.ts';

export interface CallGraphBody extends BasisBody {
  strings: string[];
  functions: FunctionsBody;
  /** The largest total first. */
  nodes: { function: number[]; self: number[]; total: number[] };
  /** By index of the function; `indirect` is the part of `value` that came by way of functions that are not shown. */
  edges: { from: number[]; to: number[]; value: number[]; indirect: number[] };
  pruned: { nodes: number; edges: number };
}

export function useCallGraph(scope: Scope, question: FlameGraphQuestion, maxNodes: number, enabled: boolean) {
  const params: [string, string][] = [
    ...sampleParams(question),
    ['granularity', question.granularity],
    ['max_nodes', String(maxNodes)],
    ['max_edges', String(maxNodes * 3)],
  ];
  return useScoped<CallGraphBody>('/callgraph', scope, params, enabled);
}
