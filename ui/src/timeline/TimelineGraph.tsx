import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';

import type { UnixMs } from '../api/types.ts';
import { at } from '../model/call-tree.ts';
import { formatClock, formatDurationMs, formatOffset } from '../model/format.ts';
import {
  edgeEvent,
  eventAt,
  eventNear,
  neighbor,
  rowKey,
  wholeOf,
  type EventId,
  type OffsetMs,
  type Row,
  type Timeline,
  type View,
} from '../model/timeline.ts';
import { onColorsChange } from '../state/theme.ts';
import { Icon } from '../widgets/Icon.tsx';
import { useRowWindow } from '../widgets/use-row-window.ts';
import { timelineAction, type Chosen } from './keyboard.ts';
import { LaneRow } from './LaneRow.tsx';
import { LaneTooltip } from './LaneTooltip.tsx';
import { Overview } from './Overview.tsx';
import { readTimelinePalette } from './palette.ts';
import { AXIS_HEIGHT, rowHeightFor, TimelineSurface, type Scene } from './surface.ts';

/** Where the reader is: a row by its key, and an event of it. */
export interface Cursor {
  readonly row: string;
  readonly event: EventId | undefined;
}

/** A time that the reader chose, and the rows it was chosen on; all of them if it was chosen on the axis. */
export interface Brush {
  readonly from: OffsetMs;
  readonly to: OffsetMs;
  readonly rows: readonly Row[] | null;
}

/** A time to go to, in milliseconds since 1970; all of it without. Another one goes there even if it says the same. */
export interface Place {
  readonly window: { readonly fromMs: UnixMs; readonly toMs: UnixMs } | undefined;
}

interface TimelineGraphProps {
  readonly timeline: Timeline;
  readonly rows: readonly Row[];
  readonly label: string;
  readonly place: Place;
  /** Index of the only state to show, or -1. */
  readonly only: number;
  readonly chosenTime: { readonly from: OffsetMs; readonly to: OffsetMs } | undefined;
  readonly isChosen: (row: Row) => boolean;
  readonly cursor: Cursor | undefined;
  readonly onCursor: (cursor: Cursor) => void;
  readonly onView: (view: View) => void;
  readonly onToggle: (groupKey: string) => void;
  readonly onBrush: (brush: Brush) => void;
  readonly onChoose: (what: Chosen, cursor: Cursor | undefined, view: View) => void;
  readonly onMenu: (cursor: Cursor, x: number, y: number) => void;
  readonly onClear: () => void;
}

interface Pointer {
  readonly row: Row;
  readonly event: EventId | undefined;
  readonly time: OffsetMs;
  readonly x: number;
  readonly y: number;
}

interface Drag {
  readonly x: number;
  readonly y: number;
  readonly time: OffsetMs;
  readonly row: number;
  readonly kind: 'brush' | 'axis' | 'pan';
  lastX: number;
  isMoved: boolean;
}

const DRAG_THRESHOLD = 4;
/** How near to an event the pointer has to be, for those too narrow to point at. */
const REACH_PIXELS = 3;

export function TimelineGraph(props: TimelineGraphProps) {
  const { timeline, rows, only, chosenTime, isChosen, cursor } = props;
  const rootRef = useRef<HTMLDivElement>(null);
  const scrollerRef = useRef<HTMLDivElement>(null);
  const axisRef = useRef<HTMLCanvasElement>(null);
  const overviewRef = useRef<HTMLCanvasElement>(null);
  const overviewBoxRef = useRef<HTMLDivElement>(null);
  const lanesRef = useRef<HTMLCanvasElement>(null);
  const selectedRef = useRef<HTMLDivElement>(null);
  const hoverRef = useRef<HTMLDivElement>(null);
  const chosenRef = useRef<HTMLDivElement>(null);
  const chosenAxisRef = useRef<HTMLDivElement>(null);
  const dragRef = useRef<HTMLDivElement>(null);
  const lineRef = useRef<HTMLDivElement>(null);
  const timeRef = useRef<HTMLDivElement>(null);
  const surfaceRef = useRef<TimelineSurface | null>(null);
  const drag = useRef<Drag | null>(null);
  const mouse = useRef<{ x: number; y: number } | null>(null);
  const [pointer, setPointer] = useState<Pointer | null>(null);
  // What was pointed at has another number in another drawing.
  const [drawn, setDrawn] = useState(timeline);
  if (drawn !== timeline) {
    setDrawn(timeline);
    setPointer(null);
  }
  const gridId = useId();
  const [height, setHeight] = useState(0);
  const rowHeight = rowHeightFor(rows.length, height);
  const shown = useRowWindow(scrollerRef, rows.length, rowHeight);

  const scene = useMemo<Scene>(() => {
    const lanes = timeline.lanes
      .map((_, lane) => lane)
      .filter((lane) => timeline.lanes[lane]?.kind !== 'async');
    const whole: Row = { kind: 'group', isOpen: false, group: { key: '', name: '', kind: 'thread', lanes } };
    return { timeline, rows, rowHeight, whole, only, isChosen };
  }, [timeline, rows, rowHeight, only, isChosen]);
  const cursorRow = cursor ? rows.findIndex((row) => rowKey(timeline, row) === cursor.row) : -1;

  const placeOverlays = useCallback(() => {
    const surface = surfaceRef.current;
    const scroller = scrollerRef.current;
    if (!surface || !scroller) return;
    const {
      pointer: hovered,
      cursor: own,
      cursorRow: ownRow,
      chosenTime: time,
      rows: all,
      onView,
    } = latest.current;
    const ownHeight = latest.current.scene.rowHeight;
    const boxOf = (event: EventId | undefined, row: number): Box | undefined => {
      if (event === undefined || row < 0) return undefined;
      const x = surface.xOf(at(timeline.starts, event));
      const end = surface.xOf(at(timeline.ends, event));
      const y = row * ownHeight - scroller.scrollTop + 2;
      return { x, y, width: Math.max(end - x, 2), height: ownHeight - 4 };
    };
    place(selectedRef.current, boxOf(own?.event, ownRow));
    place(hoverRef.current, hovered ? boxOf(hovered.event, all.indexOf(hovered.row)) : undefined);
    const chosen = time && {
      x: surface.xOf(time.from),
      y: 0,
      width: Math.max(surface.xOf(time.to) - surface.xOf(time.from), 2),
      height: scroller.clientHeight,
    };
    place(chosenRef.current, chosen);
    place(chosenAxisRef.current, chosen && { ...chosen, height: AXIS_HEIGHT });
    const view = surface.currentView();
    const box = overviewBoxRef.current;
    if (box) {
      box.style.left = `${(view.start / timeline.lengthMs) * 100}%`;
      box.style.width = `${(view.length / timeline.lengthMs) * 100}%`;
    }
    onView(surface.targetView());
  }, [timeline]);

  const latest = useRef({ scene, rows, cursor, cursorRow, pointer, chosenTime, onView: props.onView });
  useLayoutEffect(() => {
    latest.current = { scene, rows, cursor, cursorRow, pointer, chosenTime, onView: props.onView };
    placeOverlays();
  });

  // The surface lives as long as the canvases; later timelines are handed to it.
  const firstPlace = useRef(props.place);
  const afterPaint = useRef(placeOverlays);
  useLayoutEffect(() => {
    afterPaint.current = placeOverlays;
  }, [placeOverlays]);
  useLayoutEffect(() => {
    const [root, scroller] = [rootRef.current, scrollerRef.current];
    const [axis, overview, lanes] = [axisRef.current, overviewRef.current, lanesRef.current];
    if (!root || !scroller || !axis || !overview || !lanes) return undefined;
    const first = latest.current.scene;
    const surface = new TimelineSurface(
      { axis, overview, lanes },
      scroller,
      first,
      viewOf(first.timeline, firstPlace.current),
      () => afterPaint.current(),
    );
    surfaceRef.current = surface;
    surface.setPalette(readTimelinePalette(root));
    const stopColors = onColorsChange(() =>
      requestAnimationFrame(() => surface.setPalette(readTimelinePalette(root))),
    );
    const fit = (): void => {
      setHeight(scroller.clientHeight);
      surface.resize(axis.parentElement?.clientWidth ?? 0, scroller.clientHeight);
    };
    // The observer tells of the size a frame later, which would be blank.
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(scroller);
    const onWheel = (event: WheelEvent): void => {
      const x = event.clientX - lanes.getBoundingClientRect().left;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        surface.zoomAt(Math.max(x, 0), event.deltaY);
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        surface.panBy(event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX);
      }
    };
    root.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      stopColors();
      observer.disconnect();
      root.removeEventListener('wheel', onWheel);
      surface.destroy();
      surfaceRef.current = null;
    };
  }, []);

  useLayoutEffect(() => surfaceRef.current?.setScene(scene), [scene]);
  // The address changed under it: back, forward, or a chip that was taken away.
  const { place: wanted } = props;
  useEffect(() => {
    const surface = surfaceRef.current;
    if (surface) surface.show(viewOf(latest.current.scene.timeline, wanted), false);
  }, [wanted]);
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  useEffect(() => {
    const { cursor: own, cursorRow: row } = latest.current;
    if (row < 0) return;
    if (own?.event === undefined) surfaceRef.current?.revealRow(row);
    else surfaceRef.current?.reveal(own.event, row, !isCalm);
  }, [cursor, isCalm]);

  function pointAt(clientX: number, clientY: number): { x: number; y: number } {
    const box = lanesRef.current?.getBoundingClientRect();
    return { x: clientX - (box?.left ?? 0), y: clientY - (box?.top ?? 0) };
  }

  function hitAt(x: number, y: number): Pointer | null {
    const surface = surfaceRef.current;
    const row = surface && rows[surface.rowAt(y)];
    if (!surface || !row) return null;
    const time = surface.timeAt(x);
    const event =
      row.kind === 'lane' && x >= 0
        ? eventAt(timeline, row.lane, time, surface.pixelMs() * REACH_PIXELS, only)
        : undefined;
    return { row, event, time, x, y };
  }

  function showTime(x: number | null): void {
    const [line, text, surface] = [lineRef.current, timeRef.current, surfaceRef.current];
    if (!line || !text || !surface) return;
    const isShown = x !== null && x >= 0;
    line.hidden = !isShown;
    text.hidden = !isShown;
    if (!isShown) return;
    const time = surface.timeAt(x);
    const step = Math.max(surface.pixelMs(), 0.1);
    line.style.transform = `translateX(${x}px)`;
    text.textContent = `${formatOffset(time, step)} · ${formatClock(timeline.fromMs + time, step)}`;
    const width = text.parentElement?.clientWidth ?? 0;
    text.style.transform = `translateX(${Math.min(Math.max(x - text.offsetWidth / 2, 0), width - text.offsetWidth)}px)`;
  }

  function onPointerDown(event: React.PointerEvent, kind: 'lanes' | 'axis'): void {
    if (event.button !== 0) return;
    const { x, y } = pointAt(event.clientX, event.clientY);
    const surface = surfaceRef.current;
    if (!surface || x < 0) return;
    drag.current = {
      x,
      y,
      time: surface.timeAt(x),
      row: surface.rowAt(y),
      kind: event.shiftKey ? 'pan' : kind === 'axis' ? 'axis' : 'brush',
      lastX: x,
      isMoved: false,
    };
  }

  function onPointerMove(event: React.PointerEvent): void {
    const { x, y } = pointAt(event.clientX, event.clientY);
    mouse.current = { x, y };
    const held = drag.current;
    showTime(x);
    if (!held || event.buttons !== 1) {
      setPointer(hitAt(x, y));
      return;
    }
    if (!held.isMoved && Math.hypot(x - held.x, y - held.y) < DRAG_THRESHOLD) return;
    if (!held.isMoved) event.currentTarget.setPointerCapture(event.pointerId);
    held.isMoved = true;
    setPointer(null);
    if (held.kind === 'pan') {
      surfaceRef.current?.panBy(held.lastX - x);
      held.lastX = x;
      return;
    }
    const [first, last] = brushedRows(held, y);
    const top = scrollerRef.current?.scrollTop ?? 0;
    place(dragRef.current, {
      x: Math.max(Math.min(held.x, x), 0),
      y: held.kind === 'axis' ? 0 : first * rowHeight - top,
      width: Math.abs(x - held.x),
      height:
        held.kind === 'axis' ? (scrollerRef.current?.clientHeight ?? 0) : (last - first + 1) * rowHeight,
    });
  }

  function brushedRows(held: Drag, y: number): readonly [first: number, last: number] {
    const row = Math.min(Math.max(surfaceRef.current?.rowAt(y) ?? 0, 0), rows.length - 1);
    const start = Math.min(held.row, rows.length - 1);
    return [Math.min(start, row), Math.max(start, row)];
  }

  function onPointerUp(event: React.PointerEvent): void {
    const held = drag.current;
    drag.current = null;
    place(dragRef.current, undefined);
    const surface = surfaceRef.current;
    const { x, y } = pointAt(event.clientX, event.clientY);
    if (!surface || event.button !== 0) return;
    if (held?.isMoved) {
      if (held.kind === 'pan') return;
      const other = surface.timeAt(x);
      const [first, last] = brushedRows(held, y);
      props.onBrush({
        from: Math.max(Math.min(held.time, other), 0),
        to: Math.min(Math.max(held.time, other), timeline.lengthMs),
        rows: held.kind === 'axis' ? null : rows.slice(first, last + 1),
      });
      return;
    }
    if (held?.kind === 'axis') return;
    const hit = hitAt(x, y);
    if (!hit) return;
    if (hit.row.kind === 'group') props.onToggle(hit.row.group.key);
    props.onCursor({ row: rowKey(timeline, hit.row), event: hit.event });
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    const action = timelineAction(event);
    const surface = surfaceRef.current;
    if (!action || !surface) return;
    event.preventDefault();
    const row = rows[cursorRow];
    const lane = row?.kind === 'lane' ? timeline.lanes[row.lane] : undefined;
    const select = (found: EventId | undefined): void => {
      if (row && found !== undefined) props.onCursor({ row: rowKey(timeline, row), event: found });
    };
    switch (action.kind) {
      case 'row': {
        const next = rows[cursorRow < 0 ? 0 : cursorRow + action.step];
        if (!next) return;
        const target = surface.targetView();
        const time =
          cursor?.event === undefined
            ? target.start + target.length / 2
            : (at(timeline.starts, cursor.event) + at(timeline.ends, cursor.event)) / 2;
        const found = next.kind === 'lane' ? eventNear(timeline, next.lane, time, only) : undefined;
        props.onCursor({ row: rowKey(timeline, next), event: found });
        return;
      }
      case 'event':
        if (row?.kind === 'group') {
          if (row.isOpen !== (action.step === 1)) props.onToggle(row.group.key);
        } else if (cursor?.event !== undefined) select(neighbor(timeline, cursor.event, action.step, only));
        return;
      case 'edge':
        if (lane) select(edgeEvent(timeline, lane, action.step, only));
        return;
      case 'open':
        if (row?.kind === 'group') props.onToggle(row.group.key);
        else props.onChoose('event', cursor, surface.targetView());
        return;
      case 'clear':
        props.onClear();
        return;
      case 'whole':
        surface.show(wholeOf(timeline), !isCalm);
        return;
      case 'choose':
        props.onChoose(action.what, cursor, surface.targetView());
        return;
      case 'scale': {
        const own = cursor?.event === undefined ? undefined : surface.xOf(at(timeline.starts, cursor.event));
        const width = axisRef.current?.clientWidth ?? 0;
        const isIn = own !== undefined && own >= 0 && own <= width;
        for (let step = 0; step < 3; step++) surface.zoomAt(isIn ? own : width / 2, action.delta);
        return;
      }
      case 'pan':
        surface.panBy((axisRef.current?.clientWidth ?? 0) * action.share);
        return;
    }
  }

  const cellId = `${gridId}-cell-${cursor?.event ?? 'row'}`;
  return (
    <div className="timeline" ref={rootRef}>
      <div className="timeline-head">
        <div className="timeline-zoom">
          <button
            type="button"
            className="icon-button"
            aria-label="Zoom in"
            title="Zoom in (+, or Ctrl and the wheel)"
            onClick={() => zoomBy(-1000)}
          >
            <Icon name="plus" />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label="Zoom out"
            title="Zoom out (−)"
            onClick={() => zoomBy(1000)}
          >
            <Icon name="minus" />
          </button>
          <button
            type="button"
            className="text-button"
            title="Show all of the time (0)"
            onClick={() => surfaceRef.current?.show(wholeOf(timeline), !isCalm)}
          >
            All {formatDurationMs(timeline.lengthMs)}
          </button>
        </div>
        <div className="timeline-head-time">
          <Overview
            timeline={timeline}
            canvasRef={overviewRef}
            boxRef={overviewBoxRef}
            view={() => surfaceRef.current?.targetView() ?? wholeOf(timeline)}
            onView={(next) => surfaceRef.current?.show(next, false)}
          />
          <div
            className="timeline-axis"
            aria-hidden="true"
            onPointerDown={(event) => onPointerDown(event, 'axis')}
            onPointerMove={onPointerMove}
            onPointerUp={onPointerUp}
            onPointerLeave={() => {
              showTime(null);
              setPointer(null);
            }}
          >
            <canvas ref={axisRef} />
            <div className="timeline-chosen" ref={chosenAxisRef} hidden />
            <div className="timeline-time" ref={timeRef} hidden />
          </div>
        </div>
      </div>
      <div
        className="timeline-scroller"
        ref={scrollerRef}
        role="treegrid"
        tabIndex={0}
        aria-label={props.label}
        aria-rowcount={rows.length}
        aria-activedescendant={cursorRow < 0 ? undefined : cellId}
        onKeyDown={onKeyDown}
        onScroll={() => surfaceRef.current?.requestPaint()}
        onPointerDown={(event) => onPointerDown(event, 'lanes')}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerLeave={() => {
          mouse.current = null;
          showTime(null);
          setPointer(null);
        }}
        onContextMenu={(event) => {
          const { x, y } = pointAt(event.clientX, event.clientY);
          const hit = hitAt(x, y);
          if (!hit) return;
          event.preventDefault();
          setPointer(null);
          const own = { row: rowKey(timeline, hit.row), event: hit.event };
          props.onCursor(own);
          props.onMenu(own, event.clientX, event.clientY);
        }}
      >
        <div className="timeline-view" aria-hidden="true" role="presentation">
          <canvas ref={lanesRef} data-testid="timeline-canvas" />
          <div className="timeline-chosen" ref={chosenRef} hidden />
          <div className="timeline-brush" ref={dragRef} hidden />
          <div className="timeline-line" ref={lineRef} hidden />
          <div className="flame-outline flame-outline-selected" ref={selectedRef} hidden />
          <div className="flame-outline flame-outline-hover" ref={hoverRef} hidden />
        </div>
        <div className="timeline-rows" role="rowgroup" style={{ height: rows.length * rowHeight }}>
          {rows.slice(shown.first, shown.last).map((row, index) => {
            const position = shown.first + index;
            const isCurrent = position === cursorRow;
            return (
              <LaneRow
                key={rowKey(timeline, row)}
                timeline={timeline}
                row={row}
                position={position}
                height={rowHeight}
                isCurrent={isCurrent}
                isFaded={!isChosen(row)}
                cellId={isCurrent ? cellId : undefined}
                event={isCurrent ? cursor?.event : undefined}
              />
            );
          })}
        </div>
      </div>
      {pointer && (pointer.event !== undefined || pointer.row.kind === 'group') && pointer.x >= 0 && (
        <LaneTooltip
          timeline={timeline}
          row={pointer.row}
          event={pointer.event}
          time={pointer.time}
          x={pointer.x + (lanesRef.current?.parentElement?.offsetLeft ?? 0)}
          y={pointer.y + (scrollerRef.current?.offsetTop ?? 0)}
        />
      )}
    </div>
  );

  function zoomBy(delta: number): void {
    const width = axisRef.current?.clientWidth ?? 0;
    for (let step = 0; step < 3; step++) surfaceRef.current?.zoomAt(width / 2, delta);
  }
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function place(element: HTMLElement | null, box: Box | undefined): void {
  if (!element) return;
  element.hidden = box === undefined;
  if (!box) return;
  element.style.transform = `translate(${box.x}px, ${Math.round(box.y)}px)`;
  element.style.width = `${box.width}px`;
  element.style.height = `${box.height}px`;
}

function viewOf(timeline: Timeline, { window }: Place): View {
  if (!window) return wholeOf(timeline);
  return { start: window.fromMs - timeline.fromMs, length: window.toMs - window.fromMs };
}
