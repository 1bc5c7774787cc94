import { at } from './call-tree.ts';
import { formatClock, formatDurationMs, formatOffset } from './format.ts';
import type { EventId, Lane, State, Timeline } from './timeline.ts';
import { STATES } from './timeline.ts';

export const STATE_NAMES: Record<State, string> = {
  cpu: 'On CPU',
  gc: 'Garbage collection',
  runtime: 'Runtime',
  lock: 'Waiting for a lock',
  io: 'I/O',
  wait: 'Waiting',
  sleep: 'Sleeping',
  unknown: 'Unknown',
};

/** Everything that is known of an event. */
export interface EventFacts {
  readonly state: State;
  readonly name: string;
  readonly duration: string;
  readonly offset: string;
  readonly clock: string;
  readonly lane: Lane;
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
    offset: formatOffset(start, 1),
    clock: formatClock(timeline.fromMs + start, 1),
    lane,
    endpoint: timeline.endpoints[event] ?? '',
    span: timeline.spans[event] ?? '',
    detail,
  };
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
    facts.lane.name,
    facts.endpoint,
    facts.span && `span ${facts.span}`,
    facts.detail === facts.name ? '' : facts.detail,
    `${event - facts.lane.first + 1} of ${facts.lane.end - facts.lane.first}`,
  ];
  return parts.filter(Boolean).join(', ');
}
