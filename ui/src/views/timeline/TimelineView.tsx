import { useCallback, useMemo, useState } from 'react';

import type { Scope } from '../../api/queries.ts';
import type { LaneKind } from '../../api/timeline.ts';
import { at } from '../../model/call-tree.ts';
import { formatCount, formatDurationMs, plural } from '../../model/format.ts';
import {
  decodeWindow,
  encodeWindow,
  groupsOf,
  isLaneFilter,
  laneFilter,
  lanesOf,
  passesFilters,
  rowKey,
  rowsOf,
  sameEvent,
  STATES,
  type Row,
  type Timeline,
  type View,
} from '../../model/timeline.ts';
import { sentenceOf } from '../../model/timeline-words.ts';
import type { ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import type { Chosen } from '../../timeline/keyboard.ts';
import { TimelineGraph, type Brush, type Cursor } from '../../timeline/TimelineGraph.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import { EmptyState } from '../../widgets/State.tsx';
import { FilterChips } from '../pane/FilterChips.tsx';
import { FlamePane } from '../pane/FlamePane.tsx';
import { EventBar } from './EventBar.tsx';
import { LaneMenu } from './LaneMenu.tsx';
import { LaneTable } from './LaneTable.tsx';
import { Legend } from './Legend.tsx';
import { Split } from './Split.tsx';
import { useViewInAddress } from './use-view-in-address.ts';

interface TimelineViewProps {
  readonly timeline: Timeline;
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
}

/** Samples belong to a window by their end, and times in answers are cut to microseconds. */
const HAIR_MS = 0.002;

/** Lanes above; below them the flame graph of what was chosen there. */
export function TimelineView({ timeline, scope, state, update }: TimelineViewProps) {
  const groups = useMemo(() => groupsOf(timeline), [timeline]);
  const rows = useMemo(() => rowsOf(groups, state.openGroups), [groups, state.openGroups]);
  const only = STATES.findIndex((each) => each === state.onlyState);
  const [cursor, setCursor] = useState<Cursor>();
  const [menu, setMenu] = useState<{ cursor: Cursor; x: number; y: number } | null>(null);
  // Drawn anew, finer or with what came since, events have other numbers.
  const [drawn, setDrawn] = useState(timeline);
  if (drawn !== timeline) {
    setDrawn(timeline);
    setMenu(null);
    if (cursor?.event !== undefined) {
      setCursor({ ...cursor, event: sameEvent(drawn, cursor.event, timeline) });
    }
  }

  const chosen = useMemo(() => state.filters.filter(isLaneFilter), [state.filters]);
  const isChosen = useCallback(
    (row: Row) =>
      lanesOf(row).some((id) => {
        const lane = timeline.lanes[id];
        return lane !== undefined && passesFilters(lane, chosen);
      }),
    [chosen, timeline],
  );
  const window = decodeWindow(state.window);
  const chosenTime = useMemo(() => {
    const own = decodeWindow(state.window);
    return own && { from: own.fromMs - timeline.fromMs, to: own.toMs - timeline.fromMs };
  }, [state.window, timeline]);
  const { place, onView, currentView } = useViewInAddress(timeline, state.inView, update);

  function chooseTime(from: number, to: number, filters: readonly string[]): void {
    update({
      window: encodeWindow(timeline.fromMs + from, timeline.fromMs + to),
      filters: withLanes(state.filters, filters),
      zoom: [],
      expanded: [],
    });
  }
  /** All of the time of some lanes. Samples of goroutines are in traces, which only a part of the time is read from. */
  function chooseLanes(filters: readonly string[], kind: LaneKind): void {
    if (kind === 'goroutine' && filters.length > 0) return chooseTime(HAIR_MS, timeline.lengthMs, filters);
    update({ window: '', filters: withLanes(state.filters, filters), zoom: [], expanded: [] });
  }
  function onBrush({ from, to, rows: brushed }: Brush): void {
    const lanes = (brushed ?? []).flatMap(lanesOf).flatMap((lane) => timeline.lanes[lane] ?? []);
    const filters = [...new Set(lanes.flatMap((lane) => laneFilter(lane) ?? []))];
    const isEveryone = timeline.lanes.every((lane) => passesFilters(lane, filters));
    chooseTime(from, to, isEveryone ? [] : filters);
  }
  function onChoose(what: Chosen, own: Cursor | undefined, inView: View): void {
    if (what === 'view') return chooseTime(inView.start, inView.start + inView.length, []);
    const event = own?.event;
    const row = own && rows.find((each) => rowKey(timeline, each) === own.row);
    const laneId = event === undefined ? (row?.kind === 'lane' ? row.lane : -1) : at(timeline.laneOf, event);
    const lane = timeline.lanes[laneId];
    const filter = lane && laneFilter(lane);
    if (what === 'thread') {
      if (filter) chooseLanes([filter], lane.kind);
      return;
    }
    if (event === undefined) return;
    const start = at(timeline.starts, event);
    const span = timeline.spans[event] ?? '';
    if (what === 'event')
      chooseTime(start + HAIR_MS, at(timeline.ends, event) + HAIR_MS, filter ? [filter] : []);
    if (what === 'second') {
      const second = Math.floor((timeline.fromMs + start) / 1000) * 1000 - timeline.fromMs;
      chooseTime(second, second + 1000, []);
    }
    if (what === 'span' && span) update({ span, window: '', inView: '', zoom: [], expanded: [] });
  }
  function onToggle(key: string): void {
    const { openGroups } = state;
    update(
      {
        openGroups: openGroups.includes(key)
          ? openGroups.filter((each) => each !== key)
          : [...openGroups, key],
      },
      { replace: true },
    );
  }
  function onClear(): void {
    setMenu(null);
    if (window || chosen.length > 0)
      update({ window: '', filters: withLanes(state.filters, []), zoom: [], expanded: [] });
    else setCursor(undefined);
  }

  const hasSelection = window !== undefined || chosen.length > 0;
  const label = `Timeline of ${plural(timeline.lanes.length, 'lane')} over ${formatDurationMs(timeline.lengthMs)}`;
  const upper = (
    <div className="timeline-upper">
      <div className="timeline-bar">
        <Legend
          timeline={timeline}
          only={state.onlyState}
          onOnly={(onlyState) => update({ onlyState }, { replace: true })}
        />
        {/* The flame graph below shows them beside its own controls. */}
        {!hasSelection && (
          <FilterChips
            filters={state.filters}
            onFilters={(filters) => update({ filters, zoom: [], expanded: [] })}
          />
        )}
        <div className="pane-bar-end">
          <Basis timeline={timeline} />
          <button
            type="button"
            className="icon-button bordered"
            aria-label="Lanes as a table"
            title="Lanes as a table"
            aria-pressed={state.laneTable}
            onClick={() => update({ laneTable: !state.laneTable })}
          >
            <Icon name="table" />
          </button>
        </div>
      </div>
      {state.laneTable ? (
        <LaneTable
          timeline={timeline}
          chosen={chosen}
          onLane={(filter, kind) => chooseLanes(chosen.includes(filter) ? [] : [filter], kind)}
        />
      ) : (
        <>
          <TimelineGraph
            timeline={timeline}
            rows={rows}
            label={label}
            place={place}
            only={only}
            chosenTime={chosenTime}
            isChosen={isChosen}
            cursor={cursor}
            onCursor={setCursor}
            onView={onView}
            onToggle={onToggle}
            onBrush={onBrush}
            onChoose={onChoose}
            onMenu={(own, x, y) => setMenu({ cursor: own, x, y })}
            onClear={onClear}
          />
          <EventBar
            timeline={timeline}
            event={cursor?.event}
            onChoose={(what) => onChoose(what, cursor, currentView())}
          />
        </>
      )}
      <div className="visually-hidden" role="status" data-testid="timeline-selected">
        {cursor?.event === undefined ? '' : sentenceOf(timeline, cursor.event)}
      </div>
      {menu && (
        <LaneMenu
          timeline={timeline}
          cursor={menu.cursor}
          x={menu.x}
          y={menu.y}
          onChoose={(what) => {
            setMenu(null);
            onChoose(what, menu.cursor, currentView());
          }}
          onClose={() => setMenu(null)}
        />
      )}
    </div>
  );
  return (
    <Split
      label="Height of the timeline"
      upper={upper}
      lower={
        hasSelection ? (
          <FlamePane
            scope={scope}
            state={state}
            update={update}
            whenEmpty={<EmptyState title="No samples in this selection" />}
          />
        ) : null
      }
    />
  );
}

function Basis({ timeline }: { readonly timeline: Timeline }) {
  const title = [
    `${plural(timeline.samples, 'sample')} in ${plural(timeline.profiles, 'profile')}`,
    timeline.merged > 0 ? `${plural(timeline.merged, 'event')} joined with a neighbor` : '',
    timeline.withoutTime > 0 ? `${plural(timeline.withoutTime, 'sample')} without a time are left out` : '',
    ...timeline.problems,
  ];
  return (
    <span className="basis" title={title.filter(Boolean).join('\n')}>
      {timeline.problems.length > 0 && <Icon name="warning" />}
      {formatCount(timeline.size)} events of {plural(timeline.samples, 'sample')}
    </span>
  );
}

function withLanes(filters: readonly string[], lanes: readonly string[]): readonly string[] {
  return [...filters.filter((filter) => !isLaneFilter(filter)), ...lanes];
}
