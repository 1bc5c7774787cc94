import { useMemo, useState } from 'react';

import { formatDurationMs, formatShare } from '../../model/format.ts';
import { STATES, totalsOf, type Lane, type Timeline } from '../../model/timeline.ts';
import { STATE_NAMES } from '../../model/timeline-words.ts';

interface LaneTableProps {
  readonly timeline: Timeline;
  /** Names of those that are chosen. */
  readonly threads: readonly string[];
  readonly onThread: (name: string) => void;
}

const KINDS: Record<Lane['kind'], string> = {
  thread: 'Thread',
  gc: 'Runtime',
  runtime: 'Runtime',
  async: 'In the background',
};

/** The same as the lanes, in numbers: a row per lane, the time in each state. */
export function LaneTable({ timeline, threads, onThread }: LaneTableProps) {
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
                {lane.kind === 'thread' ? (
                  <button
                    type="button"
                    className="text-button"
                    aria-pressed={threads.includes(lane.name)}
                    title="Flame graph of this thread"
                    onClick={() => onThread(lane.name)}
                  >
                    {lane.name}
                  </button>
                ) : (
                  lane.name
                )}
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

function timeOf(ms: number, wholeMs: number) {
  if (ms === 0) return <span className="muted">–</span>;
  return (
    <>
      {formatDurationMs(ms)} <span className="share">{formatShare(ms, wholeMs)}</span>
    </>
  );
}
