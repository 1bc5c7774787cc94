/** What measures and the metrics of profilers are called where people read them. */

export interface MeasureName {
  readonly label: string;
  /** The runtime whose profiler sends it; empty for what every profile can have. */
  readonly group: string;
  /** As the API names units; what is known where the server does not. */
  readonly unit: string;
}

export const METRIC_PREFIX = 'metrics.';

const MEASURES: Record<string, readonly [label: string, unit: string]> = {
  cpu_cores: ['CPU', 'cores'],
  wall_cores: ['Wall time', 'cores'],
  alloc_bytes_per_second: ['Allocation rate', 'bytes/s'],
  heap_bytes: ['Live heap', 'bytes'],
  lock_wait_cores: ['Lock waiting', 'cores'],
  exceptions_per_second: ['Exceptions', 'exceptions/s'],
  samples: ['Samples', 'count'],
  profiles: ['Profiles', 'count'],
  processes: ['Processes', 'count'],
  duration_ms: ['Duration', 'milliseconds'],
};

const RUNTIMES: readonly (readonly [prefix: string, group: string])[] = [
  ['go_', 'Go'],
  ['dotnet_', '.NET'],
  ['jvm_', 'JVM'],
  ['java_', 'JVM'],
  ['python_', 'Python'],
  ['ruby_', 'Ruby'],
  ['node_', 'Node.js'],
  ['nodejs_', 'Node.js'],
  ['php_', 'PHP'],
];

/** Where the name alone would mislead, or says the unit in a way of its own. */
const METRICS: Record<string, readonly [label: string, unit: string]> = {
  go_alloc_bytes_per_sec: ['Allocation rate', 'bytes/s'],
  go_allocs_per_sec: ['Allocations', 'per second'],
  go_frees_per_sec: ['Frees', 'per second'],
  go_heap_growth_bytes_per_sec: ['Heap growth', 'bytes/s'],
  go_gcs_per_sec: ['Garbage collections', 'per second'],
  go_gc_pause_time: ['Time paused for GC', 'share'],
  go_max_gc_pause_time: ['Longest GC pause', 'nanoseconds'],
  go_num_goroutine: ['Goroutines', 'count'],
  jvm_cpu_load: ['CPU load of the process', 'share'],
  jvm_machine_cpu_load: ['CPU load of the machine', 'share'],
  jvm_gc_count: ['Garbage collections', 'count'],
  jvm_gc_pause_ns: ['Time paused for GC', 'nanoseconds'],
  jvm_gc_longest_pause_ns: ['Longest GC pause', 'nanoseconds'],
  jvm_gc_concurrent_ns: ['Concurrent GC', 'nanoseconds'],
  jvm_heap_used_after_gc_bytes: ['Heap used after GC', 'bytes'],
  dotnet_managed_threads: ['Managed threads', 'count'],
  dotnet_gc_gen0: ['GCs of generation 0', 'count'],
  dotnet_gc_gen1: ['GCs of generation 1', 'count'],
  dotnet_gc_gen2: ['GCs of generation 2', 'count'],
  dotnet_gc_gen2_size: ['Heap of generation 2', 'bytes'],
  dotnet_gc_loh_size: ['Large object heap', 'bytes'],
  dotnet_gc_poh_size: ['Pinned object heap', 'bytes'],
};

/** Units that names end with, longest first. */
const SUFFIXES: readonly (readonly [suffix: string, unit: string])[] = [
  ['_bytes_per_second', 'bytes/s'],
  ['_bytes_per_sec', 'bytes/s'],
  ['_per_second', 'per second'],
  ['_per_sec', 'per second'],
  ['_bytes', 'bytes'],
  ['_nanoseconds', 'nanoseconds'],
  ['_ns', 'nanoseconds'],
  ['_milliseconds', 'milliseconds'],
  ['_ms', 'milliseconds'],
  ['_seconds', 'seconds'],
];

const ACRONYMS = new Set([
  'cpu',
  'gc',
  'gvl',
  'dns',
  'io',
  'jit',
  'jvm',
  'rss',
  'vm',
  'loh',
  'poh',
  'http',
  'id',
]);

export function measureName(name: string): MeasureName {
  const known = MEASURES[name];
  if (known) return { label: known[0], group: '', unit: known[1] };
  const metric = name.startsWith(METRIC_PREFIX) ? name.slice(METRIC_PREFIX.length) : name;
  const [prefix = '', group = 'Other'] = RUNTIMES.find(([each]) => metric.startsWith(each)) ?? [];
  const special = METRICS[metric];
  if (special) return { label: special[0], group, unit: special[1] };
  const rest = metric.slice(prefix.length);
  const [suffix = '', unit = ''] = SUFFIXES.find(([each]) => rest.endsWith(each) && rest !== each) ?? [];
  return { label: sentence(rest.slice(0, rest.length - suffix.length)), group, unit };
}

/** Where the name says the unit it is the one that numbers are written in; the server knows others. */
export function measureUnit(name: string, unit: string): string {
  return measureName(name).unit || unit;
}

/** What the chart calls it; `type:NAME` is the rate of a value type. */
export function chartName(measure: string): string {
  return measure.startsWith('type:') ? measure.slice('type:'.length) : measureName(measure).label;
}

export interface MeasureGroup {
  readonly group: string;
  readonly names: readonly string[];
}

/** What every profile can have first, then the metrics of each runtime. */
export function groupedMeasures(names: readonly string[]): MeasureGroup[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const { group } = measureName(name);
    const own = groups.get(group);
    if (own) own.push(name);
    else groups.set(group, [name]);
  }
  const rank = (group: string): number => (group === '' ? 0 : group === 'Other' ? 2 : 1);
  return [...groups]
    .sort(([left], [right]) => rank(left) - rank(right) || left.localeCompare(right))
    .map(([group, own]) => ({ group, names: own }));
}

function sentence(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .split(/[\s_.]+/)
    .filter(Boolean)
    .map((word) => (ACRONYMS.has(word.toLowerCase()) ? word.toUpperCase() : word.toLowerCase()));
  const text = words.join(' ');
  return text === '' ? name : text.charAt(0).toUpperCase() + text.slice(1);
}
