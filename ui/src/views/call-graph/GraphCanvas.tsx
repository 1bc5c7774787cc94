import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type RefObject } from 'react';

import {
  heatOf,
  neighborhood,
  nodeToward,
  startOf,
  thicknessOf,
  type CallGraph,
  type GraphNode,
  type GraphNodeId,
} from '../../model/call-graph.ts';
import { kindName } from '../../model/frame-kind.ts';
import { formatShare, formatValue, middleEllipsis, plural } from '../../model/format.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { arrowAt, curveThrough, loopBeside } from './curves.ts';
import type { GraphLayout } from '../../model/graph-layout.ts';
import type { Drawn } from './use-layout.ts';

interface GraphCanvasProps {
  readonly drawn: Drawn;
  /** Nodes that a search found; the others recede. */
  readonly matches: readonly GraphNodeId[] | undefined;
  /** Whether the focus was on a node of the graph before this one. */
  readonly keepsFocus: RefObject<boolean>;
  readonly onFocus: (node: GraphNode) => void;
}

const MIN_SCALE = 0.25;
const MAX_SCALE = 2;
/** Below it names cannot be read: rather show a part. */
const READABLE_SCALE = 0.85;

/** Pans by scrolling or dragging, zooms by Ctrl and wheel, buttons or keys; arrow keys lead along the calls. */
export function GraphCanvas({ drawn, matches, keepsFocus, onFocus }: GraphCanvasProps) {
  const { graph, layout } = drawn;
  const scrollerRef = useRef<HTMLDivElement>(null);
  const [scale, setScale] = useState(1);
  const [pointed, setPointed] = useState<GraphNodeId | null>(null);
  const start = useMemo(() => startOf(graph, layout.boxes), [graph, layout]);
  const [chosen, setCurrent] = useState<GraphNodeId>(start);
  const current = chosen < graph.nodes.length ? chosen : start;
  const [hasFocus, setHasFocus] = useState(false);
  // What to keep in place when the scale changes: a point of the scroller.
  const anchor = useRef<{ x: number; y: number; before: number } | null>(null);
  const drag = useRef<{ x: number; y: number } | null>(null);

  const zoomBy = useCallback((factor: number, at?: { x: number; y: number }) => {
    const scroller = scrollerRef.current;
    if (!scroller) return;
    const point = at ?? { x: scroller.clientWidth / 2, y: scroller.clientHeight / 2 };
    setScale((before) => {
      const next = Math.min(Math.max(before * factor, MIN_SCALE), MAX_SCALE);
      anchor.current = { ...point, before };
      return next;
    });
  }, []);

  useLayoutEffect(() => {
    const scroller = scrollerRef.current;
    const held = anchor.current;
    anchor.current = null;
    if (!scroller || !held || held.before === scale) return;
    const factor = scale / held.before;
    scroller.scrollLeft = (scroller.scrollLeft + held.x) * factor - held.x;
    scroller.scrollTop = (scroller.scrollTop + held.y) * factor - held.y;
  }, [scale]);

  const fit = useCallback(
    (least: number): number => {
      const scroller = scrollerRef.current;
      if (!scroller) return 1;
      const fitting = Math.min(scroller.clientWidth / layout.width, scroller.clientHeight / layout.height, 1);
      const fitted = Math.max(fitting, least);
      setScale(fitted);
      return fitted;
    },
    [layout],
  );

  // Begins where there is most to see, in a size that can be read: once it has that size.
  const beginsAt = useRef<number | null>(null);
  const hasBegun = useRef(false);
  useLayoutEffect(() => {
    if (hasBegun.current) return;
    hasBegun.current = true;
    beginsAt.current = fit(READABLE_SCALE);
    if (!keepsFocus.current) return;
    keepsFocus.current = false;
    scrollerRef.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus({ preventScroll: true });
  }, [fit, keepsFocus]);
  useLayoutEffect(() => {
    const scroller = scrollerRef.current;
    const box = layout.boxes[start];
    if (!scroller || !box || beginsAt.current !== scale) return;
    beginsAt.current = null;
    scroller.scrollLeft = box.x * scale - scroller.clientWidth / 2;
    scroller.scrollTop = (box.y - box.height) * scale - 40;
  }, [layout, scale, start]);

  useEffect(() => {
    const scroller = scrollerRef.current;
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box =
        event.currentTarget instanceof HTMLElement ? event.currentTarget.getBoundingClientRect() : null;
      const delta = Math.min(Math.max(event.deltaY / 500, -0.15), 0.15);
      zoomBy(1 - delta, box ? { x: event.clientX - box.left, y: event.clientY - box.top } : undefined);
    };
    scroller?.addEventListener('wheel', onWheel, { passive: false });
    return () => scroller?.removeEventListener('wheel', onWheel);
  }, [zoomBy]);

  const shown = pointed ?? (hasFocus ? current : null);
  const near = useMemo(() => (shown === null ? undefined : neighborhood(graph, shown)), [graph, shown]);
  const found = useMemo(() => (matches ? new Set(matches) : undefined), [matches]);
  const roleOf = (node: GraphNodeId): string => {
    if (shown !== null && near) {
      if (node === shown) return 'own';
      return near.callers.has(node) ? 'caller' : near.callees.has(node) ? 'callee' : 'far';
    }
    return found ? (found.has(node) ? 'match' : 'far') : 'plain';
  };

  function focusNode(node: GraphNodeId): void {
    setCurrent(node);
    const button = scrollerRef.current?.querySelector<HTMLElement>(`[data-node="${node}"]`);
    button?.focus({ preventScroll: true });
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    button?.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: still ? 'auto' : 'smooth' });
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '+' || event.key === '=') zoomBy(1.2);
    else if (event.key === '-') zoomBy(1 / 1.2);
    else if (event.key === '0') fit(MIN_SCALE);
    else {
      const next = nodeToward(graph, layout.boxes, current, event.key);
      // Arrows also scroll: not from a node that they lead away from.
      if (next === undefined && !event.key.startsWith('Arrow')) return;
      if (next !== undefined) focusNode(next);
    }
    event.preventDefault();
  }

  return (
    <>
      {/* The keys are those of the buttons in it; the pointer only pans. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        className="graph-scroller"
        ref={scrollerRef}
        role="group"
        aria-label="Call graph: arrow keys lead along the calls, Enter focuses on a function"
        onKeyDown={onKeyDown}
        onFocus={() => setHasFocus(true)}
        onBlur={() => setHasFocus(false)}
        onPointerDown={(event) => {
          if (event.button === 0 && event.pointerType === 'mouse')
            drag.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerMove={(event) => {
          const held = drag.current;
          if (!held || event.buttons !== 1) return;
          const moved = Math.hypot(event.clientX - held.x, event.clientY - held.y);
          if (moved < 4 && !event.currentTarget.hasPointerCapture(event.pointerId)) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          event.currentTarget.scrollBy(held.x - event.clientX, held.y - event.clientY);
          drag.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerUp={() => {
          drag.current = null;
        }}
      >
        <div className="graph-room" style={{ width: layout.width * scale, height: layout.height * scale }}>
          <div className="graph-layer" style={{ transform: `scale(${scale})` }}>
            <Edges graph={graph} layout={layout} shown={shown} isFaded={found !== undefined} />
            <ul aria-label="Functions, the largest first">
              {graph.nodes.map((node, index) => {
                const box = layout.boxes[index];
                if (!box) return null;
                return (
                  <li key={`${node.key}\0${node.name}\0${index}`}>
                    <button
                      type="button"
                      className="graph-node"
                      data-node={index}
                      data-role={roleOf(index)}
                      data-heat={heatOf(graph, index)}
                      tabIndex={index === current ? 0 : -1}
                      style={{
                        left: box.x - box.width / 2,
                        top: box.y - box.height / 2,
                        width: box.width,
                        height: box.height,
                      }}
                      aria-label={spoken(graph, index)}
                      onClick={() => onFocus(node)}
                      onFocus={() => setCurrent(index)}
                      onPointerEnter={() => setPointed(index)}
                      onPointerLeave={() => setPointed(null)}
                    >
                      <span className="graph-name">
                        {middleEllipsis(node.name, Math.floor((box.width - 18) / 6.7))}
                      </span>
                      <span className="graph-shares">
                        <b>{formatShare(node.self, graph.total)}</b> self ·{' '}
                        {formatShare(node.total, graph.total)}
                      </span>
                    </button>
                  </li>
                );
              })}
            </ul>
          </div>
        </div>
      </div>
      <div className="graph-zoom" role="group" aria-label="Zoom">
        <button
          type="button"
          className="icon-button bordered"
          aria-label="Zoom in"
          onClick={() => zoomBy(1.25)}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          className="icon-button bordered"
          aria-label="Zoom out"
          onClick={() => zoomBy(0.8)}
        >
          <Icon name="minus" />
        </button>
        <button
          type="button"
          className="icon-button bordered"
          aria-label="Show all of it"
          title="Show all of it (0)"
          onClick={() => fit(MIN_SCALE)}
        >
          <Icon name="shrink" />
        </button>
      </div>
      <Details graph={graph} node={shown} near={near} />
    </>
  );
}

function Edges(props: {
  readonly graph: CallGraph;
  readonly layout: GraphLayout;
  readonly shown: GraphNodeId | null;
  readonly isFaded: boolean;
}) {
  const { graph, layout, shown, isFaded } = props;
  const lines = useMemo(
    () =>
      graph.edges.map((edge, index) => {
        const box = layout.boxes[edge.from];
        const points = edge.from === edge.to && box ? loopBeside(box) : (layout.edges[index] ?? []);
        const thickness = thicknessOf(graph, edge);
        const middle = points[Math.floor(points.length / 2)];
        return { edge, thickness, line: curveThrough(points), arrow: arrowAt(points, thickness), middle };
      }),
    [graph, layout],
  );
  return (
    <svg className="graph-edges" width={layout.width} height={layout.height} aria-hidden="true">
      {lines.map(({ edge, thickness, line, arrow, middle }) => {
        const role =
          shown === null
            ? isFaded
              ? 'far'
              : 'plain'
            : edge.to === shown
              ? 'caller'
              : edge.from === shown
                ? 'callee'
                : 'far';
        const isLabeled = role === 'caller' || role === 'callee';
        return (
          <g key={`${edge.from}-${edge.to}`} data-role={role}>
            <path
              d={line}
              className="graph-line"
              strokeWidth={thickness}
              strokeDasharray={edge.isIndirect ? `${4 + thickness} ${3 + thickness / 2}` : undefined}
            />
            <path d={arrow} className="graph-arrow" />
            {isLabeled && middle && (
              <text x={middle.x + 6} y={middle.y + 4} className="graph-flow">
                {formatShare(edge.value, graph.total)}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

/** All that is known of the function that is pointed at or focused; else what the picture means. */
function Details(props: {
  readonly graph: CallGraph;
  readonly node: GraphNodeId | null;
  readonly near: ReturnType<typeof neighborhood> | undefined;
}) {
  const { graph, node, near } = props;
  const own = node === null ? undefined : graph.nodes[node];
  if (!own || !near) {
    return (
      <p className="graph-details muted">
        Color and size are what a function spends itself, thickness is what flows along a call; dashed calls
        pass functions that are not shown. Click a function to focus on it.
      </p>
    );
  }
  return (
    <p className="graph-details" aria-hidden="true">
      <span className="graph-details-name">{middleEllipsis(own.name, 70)}</span>
      <span>
        self {formatValue(own.self, graph.unit)}, {formatShare(own.self, graph.total)}
      </span>
      <span>
        total {formatValue(own.total, graph.unit)}, {formatShare(own.total, graph.total)}
      </span>
      <span className="muted">
        {plural(near.callers.size, 'caller')}, {plural(near.callees.size, 'callee')}
      </span>
      <span className="muted graph-details-file">
        {[own.package, kindName(own.kind), own.file || own.module].filter(Boolean).join(' · ')}
      </span>
    </p>
  );
}

function spoken(graph: CallGraph, index: GraphNodeId): string {
  const node = graph.nodes[index];
  if (!node) return '';
  const { callers, callees } = neighborhood(graph, index);
  const isRecursive = graph.edges.some((edge) => edge.from === index && edge.to === index);
  return [
    node.name,
    `self ${formatShare(node.self, graph.total)}`,
    `total ${formatValue(node.total, graph.unit)}, ${formatShare(node.total, graph.total)}`,
    plural(callers.size, 'caller'),
    plural(callees.size, 'callee'),
    isRecursive ? 'calls itself' : '',
  ]
    .filter(Boolean)
    .join(', ');
}
