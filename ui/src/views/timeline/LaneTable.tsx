import { useMemo, useState } from 'react';

import type { LaneKind } from '../../api/timeline.ts';
import { formatDurationMs, formatShare } from '../../model/format.ts';
import { laneFilter, STATES, totalsOf, type Lane, type Timeline } from '../../model/timeline.ts';
import { laneName, STATE_NAMES } from '../../model/timeline-words.ts';

interface LaneTableProps {
  readonly timeline: Timeline;
  /** Filters of those that are chosen. */
  readonly chosen: readonly string[];
  readonly onLane: (filter: string, kind: LaneKind) => void;
}

const KINDS: Record<Lane['kind'], string> = {
  thread: 'Thread',
  goroutine: 'Goroutine',
  gc: 'Runtime',
  runtime: 'Runtime',
  async: 'In the background',
};

/** The same as the lanes, in numbers: a row per lane, the time in each state. */
export function LaneTable({ timeline, chosen, onLane }: LaneTableProps) {
  const [sort, setSort] = useState('');
  const totals = totalsOf(
    timeline,
    timeline.lanes.map((_, lane) => lane),
  );
  const shown = STATES.map((state, index) => ({ state, index })).filter(({ index }) => totals[index]);
  const lanes = useMemo(() => {
    const index = STATES.findIndex((state) => state === sort);
    const value = (lane: Lane): number => (sort === 'busy' ? lane.busyMs : (lane.stateMs[index] ?? 0));
    return sort === '' ? timeline.lanes : timeline.lanes.toSorted((a, b) => value(b) - value(a));
  }, [timeline, sort]);
  const header = (key: string, label: string) => (
    <th key={key} scope="col" className="number" aria-sort={sort === key ? 'descending' : 'none'}>
      <button
        type="button"
        className="sort-button"
        {...(sort === key ? { 'data-direction': 'descending' } : {})}
        onClick={() => setSort(sort === key ? '' : key)}
      >
        {label}
      </button>
    </th>
  );
  return (
    // Scrollable regions must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="lane-table" aria-label="Lanes" tabIndex={0}>
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Lane</th>
            <th scope="col">Kind</th>
            {header('busy', 'Busy')}
            {shown.map(({ state }) => header(state, STATE_NAMES[state]))}
          </tr>
        </thead>
        <tbody>
          {lanes.map((lane, row) => (
            <tr key={`${lane.kind} ${lane.name} ${lane.threadId} ${row}`}>
              <td className="clip">
                <LaneCell lane={lane} chosen={chosen} onLane={onLane} />
              </td>
              <td className="muted">{KINDS[lane.kind]}</td>
              <td className="number">{timeOf(lane.busyMs, timeline.lengthMs)}</td>
              {shown.map(({ state, index }) => (
                <td key={state} className="number">
                  {timeOf(lane.stateMs[index] ?? 0, timeline.lengthMs)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function LaneCell({ lane, chosen, onLane }: Omit<LaneTableProps, 'timeline'> & { readonly lane: Lane }) {
  const name = laneName(lane.name, lane.kind);
  const filter = laneFilter(lane);
  if (filter === undefined) return name;
  return (
    <button
      type="button"
      className="text-button"
      aria-pressed={chosen.includes(filter)}
      title={`${lane.name}\nFlame graph of ${lane.kind === 'thread' ? 'this thread' : 'goroutines of this function'}`}
      onClick={() => onLane(filter, lane.kind)}
    >
      {name}
    </button>
  );
}

function timeOf(ms: number, wholeMs: number) {
  if (ms === 0) return <span className="muted">–</span>;
  return (
    <>
      {formatDurationMs(ms)} <span className="share">{formatShare(ms, wholeMs)}</span>
    </>
  );
}
