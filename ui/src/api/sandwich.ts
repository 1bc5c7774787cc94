import { parseKey } from '../model/transforms.ts';
import {
  sampleParams,
  useScoped,
  type FlameGraphQuestion,
  type SampleQuestion,
  type Scope,
} from './queries.ts';
import type { BasisBody, FunctionsBody, NodesBody, TopBody } from './types.ts';

/** One function with everything that leads to it and everything it leads to. */
export interface SandwichBody extends BasisBody {
  function: { name: string; file: string; module: string; self: number; total: number };
  /** Turned over: the first node is the function, children are callers. */
  callers: NodesBody;
  /** The first node is the function, children are what it called. */
  callees: NodesBody;
  strings: string[];
  functions: FunctionsBody;
  pruned_nodes: number;
}

/** `key` is name, file and module, separated by tabs. */
export function useSandwich(scope: Scope, question: FlameGraphQuestion, key: string, maxNodes: number) {
  const { name, file, module } = parseKey(key);
  const params: [string, string][] = [
    ...sampleParams(question),
    ['granularity', question.granularity],
    ['max_nodes', String(maxNodes)],
    ['function', name],
  ];
  if (file) params.push(['file', file]);
  if (module) params.push(['module', module]);
  return useScoped<SandwichBody>('/sandwich', scope, params, name !== '');
}

/** The functions that match what is being typed, the largest first. */
export function useFunctions(
  scope: Scope,
  question: SampleQuestion,
  search: string,
  limit: number,
  enabled: boolean,
) {
  const params: [string, string][] = [...sampleParams(question), ['limit', String(limit)]];
  if (search) params.push(['search', search]);
  return useScoped<TopBody>('/top', scope, params, enabled);
}
