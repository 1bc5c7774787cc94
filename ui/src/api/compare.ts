import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';

import { resolveMs } from '../model/compare-scopes.ts';
import { DEFAULTS, type Side } from '../state/url.ts';
import { get } from './client.ts';
import { sampleParams, scopeOf, type FlameGraphQuestion, type Scope } from './queries.ts';
import type { FunctionsBody, Kind, ProfilesBody, UnixMs } from './types.ts';

/** What one side of a comparison is based on. */
export interface SideBody {
  total: number;
  samples: number;
  profiles: number;
  seconds: number;
  process_seconds: number;
  calls: number | null;
  from_ms: UnixMs;
  to_ms: UnixMs;
}

/** What both sides have of each row. `z_*` is how far B is above A in standard deviations; null without evidence. */
export interface ChangeColumns {
  function: number[];
  self_a: number[];
  total_a: number[];
  samples_a: number[];
  self_b: number[];
  total_b: number[];
  samples_b: number[];
  z_share: (number | null)[];
  z_rate: (number | null)[];
}

export interface CompareBody {
  type: string;
  unit: string;
  kind: Kind;
  a: SideBody;
  b: SideBody;
  pruned: { nodes: number; value_a: number; value_b: number };
  strings: string[];
  functions: FunctionsBody;
  /** Depth first, as in a flame graph. */
  nodes: ChangeColumns & { parent: number[] };
  /** The functions whose own share changed the most, whatever was pruned. */
  changes: ChangeColumns;
  problems: string[];
}

/** What one side alone is about, as a scope for any other question. */
export function scopeOfSide(side: Side): Scope {
  return scopeOf({ ...DEFAULTS, ...side });
}

/** The samples of the one side: its own filters, and those of both. */
export function sideParams(prefix: 'a' | 'b', side: Side): [string, string][] {
  const params = scopeOfSide(side).params.map(([name, value]): [string, string] => [
    `${prefix}.${name}`,
    value,
  ]);
  for (const filter of side.filters) params.push([`${prefix}.filter`, filter]);
  return params;
}

export function useCompare(a: Side, b: Side, question: FlameGraphQuestion, enabled: boolean) {
  const params = compareParams(a, b, question);
  return useQuery({
    queryKey: ['/compare', params],
    queryFn: ({ signal }) => get<CompareBody>('/compare', params, signal),
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** The parts of the comparison whose pruned callees the reader asked for. */
export function useCompareParts(
  a: Side,
  b: Side,
  question: FlameGraphQuestion,
  paths: readonly (readonly string[])[],
) {
  return useQueries({
    queries: paths.map((path) => {
      const params = compareParams(a, b, question);
      for (const step of path) params.push(['path', step]);
      if (path.length === 0) params.push(['max_nodes', '65536']);
      return {
        queryKey: ['/compare', params],
        queryFn: ({ signal }: { signal: AbortSignal }) => get<CompareBody>('/compare', params, signal),
      };
    }),
  });
}

function compareParams(a: Side, b: Side, question: FlameGraphQuestion): [string, string][] {
  return [
    ...sideParams('a', a),
    ...sideParams('b', b),
    ...sampleParams(question),
    ['granularity', question.granularity],
  ];
}

/** The start of the profile that is nearest to a range in which there is none. */
export function useNearestProfile(side: Side, nowMs: number, enabled: boolean): number | undefined {
  const from = new Date(resolveMs(side.from, nowMs)).toISOString();
  const to = new Date(resolveMs(side.to, nowMs)).toISOString();
  const query: [string, string][] = side.query.trim() ? [['query', side.query.trim()]] : [];
  const ask = (params: [string, string][]) => ({
    queryKey: ['/profiles', params],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      get<ProfilesBody>('/profiles', [...query, ...params, ['limit', '1']], signal),
    enabled,
  });
  const [before, after] = useQueries({
    queries: [
      ask([
        ['from', '2000-01-01T00:00:00Z'],
        ['to', from],
        ['sort', '-start'],
      ]),
      ask([
        ['from', to],
        ['to', 'now'],
        ['sort', 'start'],
      ]),
    ],
  });
  const last = before?.data?.columns.start_ms[0];
  const next = after?.data?.columns.start_ms[0];
  if (last === undefined || next === undefined) return last ?? next;
  return Date.parse(from) - last < next - Date.parse(to) ? last : next;
}
