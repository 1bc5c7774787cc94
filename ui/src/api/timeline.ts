import { keepPreviousData, useQuery } from '@tanstack/react-query';

import type { ViewState } from '../state/url.ts';
import { get, type Params } from './client.ts';
import type { TableBody } from './explore.ts';
import { sampleParams, useScoped, type Scope } from './queries.ts';
import type { FunctionsBody, UnixMs } from './types.ts';
import { isLaneFilter } from '../model/timeline.ts';

export type LaneKind = 'thread' | 'goroutine' | 'gc' | 'runtime' | 'async';

/** What the threads of one process did, and when. */
export interface TimelineBody {
  from_ms: UnixMs;
  to_ms: UnixMs;
  profiles: number;
  /** Samples that events were made of. */
  samples: number;
  lanes: {
    name: string[];
    group: string[];
    kind: LaneKind[];
    thread_id: string[];
    /** The time that is neither waiting nor sleeping. */
    total_ms: number[];
  };
  states: string[];
  /** By lane, then by start. */
  events: {
    lane: number[];
    /** From `from_ms` on. */
    start_ms: number[];
    duration_ms: number[];
    /** Index of `states`. */
    state: number[];
    /** -1 for none. */
    function: number[];
    /** Index of `strings`; the first string is empty. */
    endpoint: number[];
    /** In decimal, too long for a number; empty for none. */
    span: string[];
    detail: number[];
  };
  strings: string[];
  functions: FunctionsBody;
  /** Events that became part of a neighbor. */
  merged: number;
  /** Samples of time that do not say when they were taken. */
  without_time: number;
  problems: string[];
}

/** Finer than a minute of samples every 10 ms, so that zooming in shows every one of them. */
const RESOLUTION = '10000';

/**
 * The timeline shows all of its threads and all of its time, with what is chosen of them marked: so neither the window
 * nor filters of threads and goroutines narrow it.
 */
export function useTimeline(scope: Scope, state: ViewState, enabled: boolean) {
  return useScoped<TimelineBody>('/timeline', scope, timelineParams(state), enabled);
}

/** A part of the timeline, `FROM,TO` like a window, as finely as if it were all; empty for none. */
export function useTimelineDetail(scope: Scope, state: ViewState, window: string) {
  const params: Params = [...timelineParams(state), ['detail', window]];
  return useQuery({
    queryKey: ['/timeline', 'detail', scope.params, params],
    queryFn: async ({ signal }) => ({
      window,
      body: await get<TimelineBody>('/timeline', [...scope.params, ...params], signal),
    }),
    // The part before is better than none until this one is there.
    placeholderData: keepPreviousData,
    enabled: window !== '',
  });
}

function timelineParams(state: ViewState): Params {
  const filters = state.filters.filter((filter) => !isLaneFilter(filter));
  const { span, focusOn } = state;
  const params = sampleParams({ type: '', filters, transforms: [], window: '', span, focusOn });
  return [...params, ['resolution', RESOLUTION]];
}

export interface Process {
  readonly runtimeId: string;
  readonly host: string;
  readonly processId: string;
  readonly cpuCores: number | null;
  readonly profiles: number;
}

/** The processes in scope, the busiest first. */
export function useProcesses(scope: Scope, enabled: boolean) {
  const found = useScoped<TableBody>(
    '/table',
    scope,
    [
      ['group_by', 'runtime-id'],
      ['group_by', 'host'],
      ['group_by', 'process_id'],
      ['measure', 'cpu_cores'],
      ['measure', 'profiles'],
      ['sort', '-cpu_cores'],
      ['limit', '100'],
    ],
    enabled,
  );
  return { ...found, processes: found.data && processesOf(found.data), count: found.data?.found ?? 0 };
}

/** A runtime is one process, whatever else its profiles say of it. */
function processesOf({ groups, measures }: TableBody): readonly Process[] {
  const found: Process[] = [];
  (groups['runtime-id'] ?? []).forEach((runtimeId, row) => {
    const process: Process = {
      runtimeId,
      host: groups['host']?.[row] ?? '',
      processId: groups['process_id']?.[row] ?? '',
      cpuCores: measures['cpu_cores']?.[row] ?? null,
      profiles: measures['profiles']?.[row] ?? 0,
    };
    const known = found.findIndex((each) => each.runtimeId === runtimeId && runtimeId !== '');
    const same = found[known];
    if (same) found[known] = { ...same, profiles: same.profiles + process.profiles };
    else found.push(process);
  });
  return found;
}
