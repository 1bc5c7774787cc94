import type { ProfileId, UnixMs } from '../api/types.ts';

/** One profile as lists tell of it. */
export interface ListedProfile {
  readonly id: ProfileId;
  readonly startMs: UnixMs;
  readonly endMs: UnixMs;
  readonly env: string;
  readonly version: string;
  readonly host: string;
  readonly runtime: string;
  readonly samples: number;
  /** By name of the measure. */
  readonly measures: Readonly<Record<string, number | null>>;
}

/** The columns of an answer, of which each further one is a measure. */
export interface ProfileColumns {
  readonly id: readonly ProfileId[];
  readonly start_ms: readonly UnixMs[];
  readonly end_ms: readonly UnixMs[];
  readonly env: readonly string[];
  readonly version: readonly string[];
  readonly host: readonly string[];
  readonly runtime: readonly string[];
  readonly samples: readonly number[];
}

export function listed(columns: ProfileColumns): ListedProfile[] {
  const numbers = Object.entries(columns).filter(([name]) => !DESCRIBING.has(name)) as [
    string,
    readonly (number | null)[],
  ][];
  return columns.id.map((id, index) => ({
    id,
    startMs: columns.start_ms[index] ?? 0,
    endMs: columns.end_ms[index] ?? 0,
    env: columns.env[index] ?? '',
    version: columns.version[index] ?? '',
    host: columns.host[index] ?? '',
    runtime: columns.runtime[index] ?? '',
    samples: columns.samples[index] ?? 0,
    measures: Object.fromEntries(numbers.map(([name, values]) => [name, values[index] ?? null])),
  }));
}

const DESCRIBING = new Set([
  'id',
  'start_ms',
  'end_ms',
  'service',
  'env',
  'version',
  'host',
  'runtime',
  'language',
  'upload_bytes',
]);

interface Period {
  readonly id: ProfileId;
  readonly startMs: UnixMs;
  readonly endMs: UnixMs;
}

/** What the same process sent just before and just after. */
export function neighborsOf<Each extends Period>(
  profiles: readonly Each[],
  own: Period,
): { readonly previous: Each | undefined; readonly next: Each | undefined } {
  const others = profiles
    .filter((each) => each.id !== own.id)
    .toSorted((left, right) => left.startMs - right.startMs);
  return {
    previous: others.findLast((each) => each.startMs < own.startMs),
    next: others.find((each) => each.startMs > own.startMs),
  };
}

/**
 * What ran at the same time. Periods of processes are not in step, so each overlaps two of every other; it is the one
 * with the larger part that counts.
 */
export function duringSameTime<Each extends Period>(profiles: readonly Each[], own: Period): Each[] {
  const overlap = (each: Period): number =>
    Math.min(each.endMs, own.endMs) - Math.max(each.startMs, own.startMs);
  return profiles.filter((each) => {
    const shorter = Math.min(each.endMs - each.startMs, own.endMs - own.startMs);
    return each.id !== own.id && overlap(each) * 2 >= shorter;
  });
}
