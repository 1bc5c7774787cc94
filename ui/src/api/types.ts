/**
 * The wire shapes of `/api/v1`, as the server sends them. Columnar: the arrays of one object are as long as each
 * other, and index `i` of each describes row `i`.
 */

/** Milliseconds since 1970, UTC. */
export type UnixMs = number;
/** 16 lower-case hexadecimal digits. */
export type ProfileId = string;

export type Kind = 'delta' | 'snapshot';
export type Granularity = 'function' | 'line' | 'file' | 'package';

export interface ProfilesBody {
  total: number;
  next_cursor: string | null;
  columns: {
    id: ProfileId[];
    start_ms: UnixMs[];
    end_ms: UnixMs[];
    service: string[];
    env: string[];
    version: string[];
    host: string[];
    runtime: string[];
    language: string[];
    cpu_cores: (number | null)[];
    alloc_bytes_per_second: (number | null)[];
    wall_cores: (number | null)[];
    samples: number[];
    upload_bytes: number[];
  };
}

export interface ProfileBody {
  id: ProfileId;
  start_ms: UnixMs;
  end_ms: UnixMs;
  received_ms: UnixMs;
  service: string;
  env: string;
  version: string;
  host: string;
  runtime: string;
  language: string;
  family: string;
  runtime_id: string;
  tags: string[];
  types: { name: string; unit: string; kind: Kind; total: number; description: string }[];
  samples: number;
  measures: Record<string, number | null>;
  metrics: Record<string, number>;
  endpoint_counts: Record<string, number>;
  process_tags: string[];
  info: unknown;
  code_provenance: { kind: string; name: string; version: string }[];
  attachments: { filename: string; name: string; content_type: string; encoding: string; size: number }[];
  problems: string[];
  upload_bytes: number;
}

export interface Facet {
  key: string;
  values: string[];
  counts: number[];
  distinct: number;
  truncated: boolean;
}

export interface FacetsBody {
  profiles: number;
  facets: Facet[];
}

export interface TagsBody {
  keys: string[];
  counts: number[];
  truncated: boolean;
}

export interface ValueTypeInfo {
  name: string;
  unit: string;
  kind: Kind;
  description: string;
  total: number;
  profiles: number;
}

export interface TypesBody {
  types: ValueTypeInfo[];
}

export interface SeriesBody {
  measure: string;
  unit: string;
  step_ms: number;
  times_ms: UnixMs[];
  series: { group: string; values: (number | null)[] }[];
  other: boolean;
}

/** What stands behind an answer about samples. */
export interface BasisBody {
  type: string;
  unit: string;
  kind: Kind;
  total: number;
  samples: number;
  profiles: number;
  /** From the first start to the last end of the profiles. */
  seconds: number;
  /** The durations of all profiles together. */
  process_seconds: number;
  /** Calls of the endpoints in scope, where clients count them. */
  calls: number | null;
  problems: string[];
}

/** Where a function comes from: index of `KIND_NAMES`. */
export type FrameKind = 0 | 1 | 2 | 3 | 4 | 5 | 6;

export interface FunctionsBody {
  name: number[];
  file: number[];
  module: number[];
  line: number[];
  package: number[];
  kind: FrameKind[];
}

/** Depth first, siblings by total; `function` is -1 for the root and -2 for "(other)". */
export interface NodesBody {
  parent: number[];
  function: number[];
  self: number[];
  total: number[];
}

export interface FlameGraphBody extends BasisBody {
  from_ms: UnixMs;
  to_ms: UnixMs;
  pruned: { nodes: number; value: number };
  strings: string[];
  functions: FunctionsBody;
  nodes: NodesBody;
}

export interface TopBody extends BasisBody {
  functions: { name: string[]; file: string[]; module: string[]; self: number[]; total: number[] };
  truncated: boolean;
}

export interface LabelsBody {
  labels: { key: string; values: string[]; totals: number[]; truncated: boolean }[];
}

export interface Retention {
  max_age_seconds: number;
  max_disk_share: number;
  max_bytes: number | null;
}

export interface StatusBody {
  version: string;
  profiles: number;
  log_bytes: number;
  table_bytes: number;
  memory_rows: number;
  oldest_ms: UnixMs | null;
  newest_ms: UnixMs | null;
  disk_total_bytes: number;
  disk_free_bytes: number;
  /** What the retention lets the store use. */
  disk_limit_bytes: number;
  retention: Retention;
  /** Folders in which the server looks for source. */
  source_roots?: number;
}

export interface SessionBody {
  auth_required: boolean;
  scope: 'read' | 'write' | 'admin' | null;
}

/** `application/problem+json`. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  hint?: string;
}
