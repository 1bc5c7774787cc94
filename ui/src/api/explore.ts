import { sampleParams, useScoped, type SampleQuestion, type Scope } from './queries.ts';
import type { BasisBody, FacetsBody, SeriesBody } from './types.ts';

/** A number that profiles in scope have, and how it is spread over them. */
export interface MeasureInfo {
  name: string;
  unit: string;
  min: number;
  max: number;
  mean: number;
  profiles: number;
  histogram: { from: number; to: number; counts: number[] };
}

export interface MeasuresBody {
  measures: MeasureInfo[];
}

export interface BreakdownBody extends BasisBody {
  by: string;
  rows: {
    value: string[];
    self: number[];
    total: number[];
    samples: number[];
    calls: (number | null)[] | null;
    /** Of functions and lines. */
    file?: string[];
    module?: string[];
    line?: number[];
  };
  found: number;
  other: { rows: number; self: number; total: number } | null;
}

export interface TableBody {
  groups: Record<string, string[]>;
  measures: Record<string, (number | null)[]>;
  /** Of each measure; empty where it is not known. */
  units: Record<string, string>;
  found: number;
  truncated: boolean;
}

/** Also says how many profiles are in scope, and whether the server can read the query. */
export function useFacetsOf(scope: Scope, keys: readonly string[]) {
  return useScoped<FacetsBody>(
    '/facets',
    scope,
    keys.map((key) => ['facet', key] as const),
  );
}

export function useMeasures(scope: Scope, enabled = true) {
  return useScoped<MeasuresBody>('/measures', scope, [], enabled);
}

export function useBreakdown(
  scope: Scope,
  question: SampleQuestion,
  by: string,
  search: string,
  limit: number,
  enabled: boolean,
) {
  const params: [string, string][] = [...sampleParams(question), ['by', by], ['limit', String(limit)]];
  if (search) params.push(['search', search]);
  return useScoped<BreakdownBody>('/breakdown', scope, params, enabled);
}

export function useTable(
  scope: Scope,
  groupBy: readonly string[],
  measures: readonly string[],
  sort: string,
  limit: number,
) {
  return useScoped<TableBody>('/table', scope, [
    ...groupBy.map((key) => ['group_by', key] as const),
    ...measures.map((name) => ['measure', name] as const),
    ['sort', sort],
    ['limit', String(limit)],
  ]);
}

/** `measure` is that of profiles, or `type:NAME` for the rate of a value type, which filters apply to. */
export function useChart(
  scope: Scope,
  measure: string,
  groupBy: string,
  limit: number,
  filters: readonly string[],
  enabled = true,
) {
  const type = measure.startsWith('type:') ? measure.slice('type:'.length) : undefined;
  const params: (readonly [string, string])[] = [
    type === undefined ? ['measure', measure] : ['type', type],
    ['group_by', groupBy],
    ['limit', String(limit)],
  ];
  if (type !== undefined) params.push(...filters.map((filter) => ['filter', filter] as const));
  return useScoped<SeriesBody>('/series', scope, params, enabled);
}
