import { useLayoutEffect, useRef } from 'react';

import type { LaneKind } from '../api/timeline.ts';
import { formatClock, formatCount, formatDurationMs, formatOffset, plural } from '../model/format.ts';
import {
  countsAt,
  STATES,
  totalsOf,
  type EventId,
  type Group,
  type OffsetMs,
  type Row,
  type Timeline,
} from '../model/timeline.ts';
import { factsOf, laneTitle, STATE_NAMES, stepOf } from '../model/timeline-words.ts';

const DISTANCE = 14;

const LANE_NAMES: Record<LaneKind, string> = {
  thread: 'Thread',
  goroutine: 'Goroutine',
  gc: 'Lane',
  runtime: 'Lane',
  async: 'Lane',
};

interface LaneTooltipProps {
  readonly timeline: Timeline;
  readonly row: Row;
  readonly event: EventId | undefined;
  readonly time: OffsetMs;
  /** In the coordinates of the positioned parent. */
  readonly x: number;
  readonly y: number;
}

export function LaneTooltip({ timeline, row, event, time, x, y }: LaneTooltipProps) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    const parent = element?.offsetParent;
    if (!element || !parent) return;
    const right = x + DISTANCE + element.offsetWidth > parent.clientWidth;
    const below = y + DISTANCE + element.offsetHeight > parent.clientHeight;
    const left = right ? Math.max(4, x - DISTANCE - element.offsetWidth) : x + DISTANCE;
    const top = below ? Math.max(4, y - DISTANCE - element.offsetHeight) : y + DISTANCE;
    element.style.transform = `translate(${left}px, ${top}px)`;
  });
  return (
    <div className="flame-tooltip lane-tooltip" ref={ref} role="tooltip" aria-hidden="true">
      {event !== undefined ? (
        <EventDetails timeline={timeline} event={event} />
      ) : row.kind === 'group' ? (
        <GroupDetails timeline={timeline} group={row.group} time={time} />
      ) : null}
    </div>
  );
}

function EventDetails({ timeline, event }: { readonly timeline: Timeline; readonly event: EventId }) {
  const facts = factsOf(timeline, event);
  if (!facts) return null;
  const rows: readonly (readonly [string, string])[] = [
    ['At', `${facts.offset} · ${facts.clock}`],
    [LANE_NAMES[facts.lane.kind], facts.laneTitle],
    ['Endpoint', facts.endpoint],
    ['Detail', facts.detail === facts.name ? '' : facts.detail],
    ['Span', facts.span],
  ];
  return (
    <>
      <div className="flame-tooltip-name">{facts.name}</div>
      <div className="lane-tooltip-state">
        <span className="state-swatch" data-state={facts.state} />
        {facts.name !== STATE_NAMES[facts.state] && <>{STATE_NAMES[facts.state]} · </>}
        <strong>{facts.duration}</strong>
      </div>
      <table>
        <tbody>
          {rows.map(([name, value]) =>
            value === '' ? null : (
              <tr key={name}>
                <th>{name}</th>
                <td>{value}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </>
  );
}

function GroupDetails(props: {
  readonly timeline: Timeline;
  readonly group: Group;
  readonly time: OffsetMs;
}) {
  const { timeline, group, time } = props;
  const counts = countsAt(timeline, group.lanes, time);
  const totals = totalsOf(timeline, group.lanes);
  return (
    <>
      <div className="flame-tooltip-name">{laneTitle(group.name, group.kind)}</div>
      <div className="flame-tooltip-source">
        {plural(group.lanes.length, 'lane')} at {formatOffset(time, stepOf(timeline))} ·{' '}
        {formatClock(timeline.fromMs + time, stepOf(timeline))}
      </div>
      <table>
        <thead>
          <tr>
            <td>{'\u00a0'}</td>
            <th>now</th>
            <th>in all</th>
          </tr>
        </thead>
        <tbody>
          {STATES.map((state, index) =>
            totals[index] ? (
              <tr key={state}>
                <th>
                  <span className="state-swatch" data-state={state} />
                  {STATE_NAMES[state]}
                </th>
                <td>{counts[index] ? formatCount(counts[index]) : '–'}</td>
                <td>{formatDurationMs(totals[index])}</td>
              </tr>
            ) : null,
          )}
        </tbody>
      </table>
      <div className="flame-tooltip-hint">Click to unfold</div>
    </>
  );
}
