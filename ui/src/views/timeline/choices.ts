import { laneFilter, type EventId, type Lane, type Timeline } from '../../model/timeline.ts';
import type { Chosen } from '../../timeline/keyboard.ts';

interface Choice {
  readonly what: Chosen;
  readonly label: string;
  readonly key: string;
}

const WHOSE = {
  thread: 'this thread',
  goroutine: 'goroutines of this function',
  gc: '',
  runtime: '',
  async: '',
};

/** What a flame graph can be asked of, at an event or a lane. */
export function choicesOf(
  timeline: Timeline,
  event: EventId | undefined,
  lane: Lane | undefined,
): readonly Choice[] {
  const choices: Choice[] = [];
  if (event !== undefined) {
    choices.push({ what: 'event', label: 'this event', key: 'Enter' });
    choices.push({ what: 'second', label: 'this second', key: 's' });
  }
  if (lane && laneFilter(lane)) choices.push({ what: 'thread', label: WHOSE[lane.kind], key: 't' });
  if (event !== undefined && timeline.spans[event]) {
    choices.push({ what: 'span', label: 'this request', key: 'r' });
  }
  return choices;
}
