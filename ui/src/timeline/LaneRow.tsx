import { formatDurationMs, plural } from '../model/format.ts';
import { laneName, laneTitle, sentenceOf, STATE_NAMES } from '../model/timeline-words.ts';
import { lanesOf, STATES, totalsOf, type EventId, type Row, type Timeline } from '../model/timeline.ts';
import { EndKept } from '../widgets/EndKept.tsx';
import { Icon } from '../widgets/Icon.tsx';

/** Of a name that does not fit, in characters. */
const KEPT_END = 10;

/** The name of a lane, and for those who do not see the picture what is on it. */
export function LaneRow(props: {
  readonly timeline: Timeline;
  readonly row: Row;
  readonly position: number;
  readonly height: number;
  readonly isCurrent: boolean;
  readonly isFaded: boolean;
  readonly cellId: string | undefined;
  readonly event: EventId | undefined;
}) {
  const { timeline, row, position, height, isCurrent, event } = props;
  const lane = row.kind === 'lane' ? timeline.lanes[row.lane] : undefined;
  // The only one of its kind needs no number.
  const isOnly = row.kind === 'lane' && lane?.kind === 'async' && !row.isMember;
  const name = row.kind === 'group' ? row.group.name : ((isOnly ? lane.group : lane?.name) ?? '');
  const busyMs = lanesOf(row).reduce((sum, id) => sum + (timeline.lanes[id]?.busyMs ?? 0), 0);
  const kind = row.kind === 'group' ? row.group.kind : lane?.kind;
  const title =
    kind === 'thread' && lane?.threadId ? `${name} · thread ${lane.threadId}` : laneTitle(name, kind);
  return (
    <div
      className="timeline-row"
      role="row"
      aria-rowindex={position + 1}
      aria-level={row.kind === 'lane' && row.isMember ? 2 : 1}
      aria-selected={isCurrent}
      {...(row.kind === 'group' ? { 'aria-expanded': row.isOpen } : {})}
      data-faded={props.isFaded}
      data-kind={row.kind === 'group' ? row.group.kind : lane?.kind}
      data-member={row.kind === 'lane' && row.isMember}
      style={{ top: position * height, height }}
    >
      <div className="timeline-lane" role="rowheader" title={title}>
        {row.kind === 'group' && <Icon name={row.isOpen ? 'chevron-down' : 'chevron-right'} />}
        <span className="timeline-lane-name">
          {/* Threads of one pool differ at the end. */}
          <EndKept text={laneName(name, kind)} end={KEPT_END} />
        </span>
        {row.kind === 'group' && <span className="tab-count">{row.group.lanes.length}</span>}
        <span className="timeline-lane-busy">{busyMs > 0 ? formatDurationMs(busyMs) : ''}</span>
      </div>
      <div role="gridcell" id={props.cellId} className="visually-hidden">
        {event === undefined ? describeRow(timeline, row) : sentenceOf(timeline, event)}
      </div>
    </div>
  );
}

function describeRow(timeline: Timeline, row: Row): string {
  const totals = totalsOf(timeline, lanesOf(row));
  const parts = STATES.flatMap((state, index) =>
    totals[index] ? [`${STATE_NAMES[state]} ${formatDurationMs(totals[index])}`] : [],
  );
  const count = row.kind === 'group' ? [plural(row.group.lanes.length, 'lane')] : [];
  return [...count, ...parts].join(', ');
}
