import type { LaneKind } from '../api/timeline.ts';
import { at } from './call-tree.ts';
import { formatClock, formatDurationMs, formatOffset } from './format.ts';
import type { EventId, Lane, State, Timeline } from './timeline.ts';
import { STATES } from './timeline.ts';

export const STATE_NAMES: Record<State, string> = {
  cpu: 'On CPU',
  gc: 'Garbage collection',
  runtime: 'Runtime',
  syscall: 'System call',
  runnable: 'Ready to run',
  lock: 'Waiting for a lock',
  channel: 'Waiting on a channel',
  io: 'I/O',
  wait: 'Waiting',
  sleep: 'Sleeping',
  unknown: 'Unknown',
};

/** What runtimes call their events, in the words of people. */
const EVENT_NAMES: Record<string, string> = {
  compilation: 'Compilation',
  dns: 'DNS',
  fs: 'Files',
  http: 'HTTP',
  http2: 'HTTP/2',
  net: 'Connections',
  'pinned virtual thread': 'Pinned virtual threads',
  'allocation stall': 'Allocation stalls',
  region: 'Regions',
  safepoint: 'Safepoints',
  task: 'Tasks',
  'vm operation': 'VM operations',
};

/** What a lane is called: by its thread or function, or by what the runtime says of itself. */
export function laneTitle(name: string, kind: LaneKind | undefined): string {
  if (kind !== 'runtime' && kind !== 'async') return name;
  const [, event = name, number = ''] = /^(.*?)( \d+)?$/.exec(name) ?? [];
  return `${EVENT_NAMES[event] ?? event}${number}`;
}

/**
 * The same where there is little room. Goroutines are named after a function, whose import path says less than the
 * rest: `profiler.(*profiler).collect` of `github.com/DataDog/dd-trace-go/v2/profiler`.
 */
export function laneName(name: string, kind: LaneKind | undefined): string {
  return kind === 'goroutine' ? name.replace(/^[^\s([]*\//, '') : laneTitle(name, kind);
}

/** Everything that is known of an event. */
export interface EventFacts {
  readonly state: State;
  readonly name: string;
  readonly duration: string;
  readonly offset: string;
  readonly clock: string;
  readonly lane: Lane;
  readonly laneTitle: string;
  readonly endpoint: string;
  readonly span: string;
  readonly detail: string;
}

export function factsOf(timeline: Timeline, event: EventId): EventFacts | undefined {
  const lane = timeline.lanes[at(timeline.laneOf, event)];
  if (!lane) return undefined;
  const state = STATES[at(timeline.stateOf, event)] ?? 'unknown';
  const start = at(timeline.starts, event);
  const detail = timeline.details[event] ?? '';
  return {
    state,
    name: timeline.functions[at(timeline.functionOf, event)] || detail || STATE_NAMES[state],
    duration: formatDurationMs(at(timeline.ends, event) - start),
    offset: formatOffset(start, stepOf(timeline)),
    clock: formatClock(timeline.fromMs + start, stepOf(timeline)),
    lane,
    laneTitle: laneTitle(lane.name, lane.kind),
    endpoint: timeline.endpoints[event] ?? '',
    span: timeline.spans[event] ?? '',
    detail,
  };
}

/** What tells times of a timeline apart, in milliseconds: less than a pixel of all of it. */
export function stepOf(timeline: { readonly lengthMs: number }): number {
  return Math.min(10 ** Math.floor(Math.log10(timeline.lengthMs / 2000)), 1);
}

/** One sentence, for those who do not see the picture. */
export function sentenceOf(timeline: Timeline, event: EventId): string {
  const facts = factsOf(timeline, event);
  if (!facts) return '';
  const parts = [
    facts.name,
    facts.name === STATE_NAMES[facts.state] ? '' : STATE_NAMES[facts.state],
    facts.duration,
    `at ${facts.offset}`,
    facts.laneTitle,
    facts.endpoint,
    facts.span && `span ${facts.span}`,
    facts.detail === facts.name ? '' : facts.detail,
    `${event - facts.lane.first + 1} of ${facts.lane.end - facts.lane.first}`,
  ];
  return parts.filter(Boolean).join(', ');
}
