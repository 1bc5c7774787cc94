import { useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';

import { at, childrenOf, nodeName, OTHER, type CallTree, type NodeId } from '../model/call-tree.ts';
import { formatShare, formatValue } from '../model/format.ts';
import type { SearchResult } from '../model/search.ts';
import { onColorsChange } from '../state/theme.ts';
import type { Hit } from './display-list.ts';
import { keyAction } from './keyboard.ts';
import type { Lens } from './lens.ts';
import { readPalette } from './palette.ts';
import { ROW_HEIGHT, Surface } from './surface.ts';
import { Tooltip } from './Tooltip.tsx';

interface FlameGraphProps {
  readonly tree: CallTree;
  readonly label: string;
  readonly zoomed: NodeId;
  readonly selected: NodeId;
  readonly search: SearchResult | undefined;
  readonly onZoom: (node: NodeId) => void;
  readonly onZoomOut: () => void;
  readonly onSelect: (node: NodeId) => void;
  /** The reader wants to see what "(other)" below this node stands for. */
  readonly onExpand: (parent: NodeId) => void;
  readonly onNextMatch: (step: 1 | -1) => void;
  readonly lens?: Lens | undefined;
  /** Outlined while nothing is under the pointer here: what it points at in a flame graph beside this one. */
  readonly pointedAt?: NodeId | undefined;
  readonly onPointAt?: ((node: NodeId | undefined) => void) | undefined;
}

interface Pointer {
  readonly hit: Hit;
  readonly x: number;
  readonly y: number;
}

const DRAG_THRESHOLD = 4;

export function FlameGraph(props: FlameGraphProps) {
  const { tree, label, zoomed, selected, search, onZoom, onZoomOut, onSelect, onExpand, onNextMatch } = props;
  const { lens, pointedAt, onPointAt } = props;
  const scrollerRef = useRef<HTMLDivElement>(null);
  const canvasRef = useRef<HTMLCanvasElement>(null);
  const hoverRef = useRef<HTMLDivElement>(null);
  const selectionRef = useRef<HTMLDivElement>(null);
  const rangeRef = useRef<HTMLDivElement>(null);
  const surfaceRef = useRef<Surface | null>(null);
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const mouse = useRef<{ x: number; y: number } | null>(null);
  const [pointer, setPointer] = useState<Pointer | null>(null);
  const [copied, setCopied] = useState('');
  const itemId = useId();

  const placeOutlines = useCallback(() => {
    const surface = surfaceRef.current;
    if (!surface) return;
    const chosen = latest.current.selected;
    place(selectionRef.current, chosen === 0 ? undefined : surface.boxOf(chosen));
    const hovered = latest.current.hovered;
    place(hoverRef.current, hovered === undefined ? undefined : surface.boxOf(hovered));
    const range = rangeRef.current;
    if (range) {
      const span = surface.visibleSpan();
      const whole = at(latest.current.tree.totals, 0);
      range.style.left = `${(span.start / whole) * 100}%`;
      range.style.width = `${Math.max((span.length / whole) * 100, 0.2)}%`;
      range.hidden = span.length >= whole * 0.9999;
    }
  }, []);

  const own = pointer ? (pointer.hit.kind === 'box' ? pointer.hit.node : pointer.hit.largest) : undefined;
  const hovered = own ?? pointedAt;
  const latest = useRef({ tree, selected, hovered });
  useLayoutEffect(() => {
    latest.current = { tree, selected, hovered };
    placeOutlines();
  });
  useEffect(() => onPointAt?.(own), [onPointAt, own]);

  // The surface lives as long as the canvas; later trees are handed to it.
  useLayoutEffect(() => {
    const [canvas, scroller] = [canvasRef.current, scrollerRef.current];
    if (!canvas || !scroller) return undefined;
    const surface = new Surface(canvas, scroller, latest.current.tree, placeOutlines);
    surfaceRef.current = surface;
    surface.setPalette(readPalette(scroller));
    const stopColors = onColorsChange(() =>
      requestAnimationFrame(() => surface.setPalette(readPalette(scroller))),
    );
    const observer = new ResizeObserver(() => surface.resize(scroller.clientWidth, scroller.clientHeight));
    observer.observe(scroller);
    const onWheel = (event: WheelEvent): void => {
      const box = canvas.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        surface.zoomAt(event.clientX - box.left, event.deltaY);
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        surface.panBy(event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX);
      }
    };
    scroller.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      stopColors();
      observer.disconnect();
      scroller.removeEventListener('wheel', onWheel);
      surface.destroy();
      surfaceRef.current = null;
    };
  }, [placeOutlines]);

  useLayoutEffect(() => surfaceRef.current?.setLens(lens), [lens]);
  useLayoutEffect(() => {
    surfaceRef.current?.setTree(tree, zoomed);
    surfaceRef.current?.zoomTo(zoomed, !matchMedia('(prefers-reduced-motion: reduce)').matches);
  }, [tree, zoomed]);
  useEffect(() => surfaceRef.current?.setMarks(search?.marks), [search]);
  useEffect(() => {
    if (selected > 0) surfaceRef.current?.reveal(selected);
  }, [selected, tree]);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(''), 1600);
    return () => clearTimeout(timer);
  }, [copied]);

  const copyName = useCallback((node: NodeId) => {
    const name = nodeName(latest.current.tree, node);
    navigator.clipboard.writeText(name).then(
      () => setCopied(name),
      () => setCopied(''),
    );
  }, []);

  function hover(): void {
    const surface = surfaceRef.current;
    const hit = mouse.current && surface?.hit(mouse.current.x, mouse.current.y);
    setPointer(hit && mouse.current ? { hit, ...mouse.current } : null);
  }

  function onPointerMove(event: React.PointerEvent): void {
    const box = event.currentTarget.getBoundingClientRect();
    mouse.current = { x: event.clientX - box.left, y: event.clientY - box.top };
    const held = drag.current;
    if (held && event.buttons === 1) {
      const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
      if (!held.moved && Math.hypot(dx, dy) < DRAG_THRESHOLD) return;
      if (!held.moved) event.currentTarget.setPointerCapture(event.pointerId);
      drag.current = { x: event.clientX, y: event.clientY, moved: true };
      surfaceRef.current?.panBy(-dx);
      if (scrollerRef.current) scrollerRef.current.scrollTop -= dy;
      setPointer(null);
      return;
    }
    hover();
  }

  function onClick(hit: Hit): void {
    const surface = surfaceRef.current;
    if (hit.kind === 'run') {
      // Too narrow to point at: widen the place first.
      const parent = at(tree.parents, hit.largest);
      if (parent > 0 && !surface?.isZoomedTo(parent)) onZoom(parent);
      else for (let step = 0; step < 10; step++) surface?.zoomAt(mouse.current?.x ?? 0, -1000);
      return;
    }
    const { node } = hit;
    if (at(tree.functions, node) === OTHER) {
      onExpand(at(tree.parents, node));
      return;
    }
    onSelect(node);
    if (node === zoomed && surface?.isZoomedTo(node)) onZoomOut();
    else if (node === zoomed) surface?.zoomTo(node, true);
    else onZoom(node);
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    const action = keyAction(event, tree, selected, zoomed);
    if (!action) return;
    event.preventDefault();
    switch (action.kind) {
      case 'select':
        onSelect(action.node);
        break;
      case 'zoom':
        onZoom(action.node);
        break;
      case 'zoom-out':
        onZoomOut();
        break;
      case 'expand':
        onExpand(action.node);
        break;
      case 'copy':
        copyName(action.node);
        break;
      case 'match':
        onNextMatch(action.step);
        break;
      case 'scale':
        surfaceRef.current?.zoomAt((scrollerRef.current?.clientWidth ?? 0) / 2, action.delta);
        break;
      case 'pan':
        surfaceRef.current?.panBy((scrollerRef.current?.clientWidth ?? 0) * action.share);
        break;
    }
  }

  return (
    <div className="flame">
      <div className="flame-range" aria-hidden="true">
        <div ref={rangeRef} hidden />
      </div>
      <div
        className="flame-scroller"
        ref={scrollerRef}
        role="tree"
        tabIndex={0}
        aria-label={label}
        aria-activedescendant={itemId}
        onKeyDown={onKeyDown}
        onScroll={() => {
          surfaceRef.current?.requestPaint();
          if (mouse.current && !drag.current) hover();
        }}
      >
        <div
          className="flame-view"
          onPointerDown={(event) => {
            if (event.button === 0) drag.current = { x: event.clientX, y: event.clientY, moved: false };
          }}
          onPointerMove={onPointerMove}
          onPointerUp={(event) => {
            const wasDrag = drag.current?.moved === true;
            const wasPressed = drag.current !== null && event.button === 0;
            drag.current = null;
            const hit = mouse.current && surfaceRef.current?.hit(mouse.current.x, mouse.current.y);
            if (wasPressed && !wasDrag && hit) onClick(hit);
          }}
          onPointerLeave={() => {
            mouse.current = null;
            setPointer(null);
          }}
        >
          <canvas ref={canvasRef} aria-hidden="true" data-testid="flame-canvas" />
          <div className="flame-outline flame-outline-selected" ref={selectionRef} hidden />
          <div className="flame-outline flame-outline-hover" ref={hoverRef} hidden />
        </div>
        {/* As tall as the tree, so that the browser's own scrolling works. */}
        <div
          className="flame-height"
          style={{ height: `${tree.rows.length * ROW_HEIGHT}px` }}
          aria-hidden="true"
        />
        <TreeItem id={itemId} tree={tree} node={selected} zoomed={zoomed} lens={lens} />
      </div>
      {pointer && (
        <Tooltip tree={tree} hit={pointer.hit} x={pointer.x} y={pointer.y} search={search} lens={lens} />
      )}
      <div className="flame-toast" role="status">
        {copied && 'Copied the name'}
      </div>
    </div>
  );
}

/** The selected frame, for those who do not see the canvas. */
function TreeItem(props: {
  readonly id: string;
  readonly tree: CallTree;
  readonly node: NodeId;
  readonly zoomed: NodeId;
  readonly lens: Lens | undefined;
}) {
  const { id, tree, node, zoomed, lens } = props;
  const siblings = node === 0 ? [0] : childrenOf(tree, at(tree.parents, node));
  const total = at(tree.totals, node);
  const whole = at(tree.totals, 0);
  const text = [
    nodeName(tree, node),
    ...(lens
      ? lens.spoken(tree, node)
      : [
          `total ${formatValue(total, tree.unit)}, ${formatShare(total, whole)}`,
          `self ${formatValue(at(tree.selfs, node), tree.unit)}`,
        ]),
    node === zoomed && node > 0 ? 'zoomed in' : '',
  ];
  return (
    <div
      id={id}
      role="treeitem"
      className="visually-hidden"
      data-testid="flame-selected"
      data-node={node}
      aria-selected="true"
      aria-level={at(tree.depths, node) + 1}
      aria-posinset={siblings.indexOf(node) + 1}
      aria-setsize={siblings.length}
      aria-label={text.filter(Boolean).join(', ')}
    />
  );
}

function place(
  element: HTMLElement | null,
  box: { x: number; y: number; width: number; height: number } | undefined,
): void {
  if (!element) return;
  element.hidden = box === undefined;
  if (!box) return;
  element.style.transform = `translate(${box.x}px, ${Math.round(box.y)}px)`;
  element.style.width = `${box.width}px`;
  element.style.height = `${box.height}px`;
}
