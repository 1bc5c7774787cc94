import {
  lazy,
  Suspense,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';

import {
  at,
  childrenOf,
  nodeName,
  nodeSource,
  OTHER,
  pathKeys,
  resolvePath,
  stackText,
  type CallTree,
  type NodeId,
} from '../model/call-tree.ts';
import { formatShare } from '../model/format.ts';
import { AS_IS, formatNormalized, type Normalizer } from '../model/normalize.ts';
import type { SearchResult } from '../model/search.ts';
import { onColorsChange } from '../state/theme.ts';
import type { ColorBy } from '../state/url.ts';
import type { Hit } from './display-list.ts';
import type { FrameActionId } from './frame-actions.ts';
import { canRun, TOP_DOWN, type FrameHandlers, type Terms } from './frame-handlers.ts';
import { keyAction } from './keyboard.ts';
import type { Lens } from './lens.ts';
import { readPalette } from './palette.ts';
import { ROW_HEIGHT, Surface } from './surface.ts';
import { Tooltip } from './Tooltip.tsx';

// Shown once the reader asks for them, and the first view is quicker without.
const PinnedDetails = lazy(async () => ({ default: (await import('./PinnedDetails.tsx')).PinnedDetails }));
const FrameMenu = lazy(async () => ({ default: (await import('./FrameMenu.tsx')).FrameMenu }));

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
  readonly colorBy?: ColorBy;
  /** The root is at the bottom. */
  readonly upright?: boolean;
  readonly normalizer?: Normalizer;
  readonly terms?: Terms;
  /** What can be done with frames beyond zooming, pinning and copying. */
  readonly handlers?: FrameHandlers | undefined;
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

/** A frame whose details stay; by path, so that they outlive a refresh. */
interface Pinned {
  readonly path: readonly string[];
  readonly x: number;
  readonly y: number;
}

interface OpenMenu {
  readonly node: NodeId;
  readonly at: { readonly x: number; readonly y: number };
}

const DRAG_THRESHOLD = 4;

export function FlameGraph(props: FlameGraphProps) {
  const { tree, label, zoomed, selected, search, onZoom, onZoomOut, onSelect, onExpand, onNextMatch } = props;
  const { lens, pointedAt, onPointAt, handlers, upright = false, colorBy = 'package' } = props;
  const { normalizer = AS_IS, terms = TOP_DOWN } = props;
  const scrollerRef = useRef<HTMLDivElement>(null);
  const canvasRef = useRef<HTMLCanvasElement>(null);
  const hoverRef = useRef<HTMLDivElement>(null);
  const selectionRef = useRef<HTMLDivElement>(null);
  const rangeRef = useRef<HTMLDivElement>(null);
  const surfaceRef = useRef<Surface | null>(null);
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const mouse = useRef<{ x: number; y: number } | null>(null);
  const [pointer, setPointer] = useState<Pointer | null>(null);
  const [pinned, setPinned] = useState<Pinned | null>(null);
  const [menu, setMenu] = useState<OpenMenu | null>(null);
  const [notice, setNotice] = useState('');
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

  useLayoutEffect(() => surfaceRef.current?.setLook(colorBy, lens), [colorBy, lens]);
  useLayoutEffect(() => surfaceRef.current?.setUpright(upright), [upright]);
  useLayoutEffect(() => {
    surfaceRef.current?.setTree(tree, zoomed);
    surfaceRef.current?.zoomTo(zoomed, !matchMedia('(prefers-reduced-motion: reduce)').matches);
  }, [tree, zoomed]);
  // The observer tells of the size a frame later, which would be blank.
  useLayoutEffect(() => {
    const scroller = scrollerRef.current;
    if (scroller) surfaceRef.current?.resize(scroller.clientWidth, scroller.clientHeight);
  }, []);
  useEffect(() => surfaceRef.current?.setMarks(search?.marks), [search]);
  useEffect(() => {
    if (selected > 0) surfaceRef.current?.reveal(selected);
  }, [selected, tree]);
  useEffect(() => {
    if (!notice) return undefined;
    const timer = setTimeout(() => setNotice(''), 1600);
    return () => clearTimeout(timer);
  }, [notice]);

  const copy = useCallback((text: string, what: string) => {
    navigator.clipboard.writeText(text).then(
      () => setNotice(`Copied the ${what}`),
      () => setNotice('The browser does not let this page copy'),
    );
  }, []);
  const closeMenu = useCallback(() => setMenu(null), []);
  const pinnedNode = useMemo(() => {
    if (!pinned) return undefined;
    const node = resolvePath(tree, pinned.path);
    return at(tree.depths, node) === pinned.path.length ? node : undefined;
  }, [pinned, tree]);

  function run(id: FrameActionId, node: NodeId): void {
    if (!canRun(id, tree, node, handlers)) return;
    switch (id) {
      case 'zoom':
        return onZoom(node);
      case 'pin':
        return pin(node);
      case 'copy-name':
        return copy(nodeName(tree, node), 'name');
      case 'copy-stack':
        return copy(stackText(tree, node), 'stack');
      case 'copy-source':
        return copy(nodeSource(tree, node), 'place');
      case 'open-source': {
        const link = handlers?.sourceLink(node);
        if (link) window.open(link.href, '_blank', 'noreferrer');
        return undefined;
      }
      default:
        return handlers?.run(id, node);
    }
  }

  /** The same frame again lets it go. */
  function pin(node: NodeId, point?: { x: number; y: number }): void {
    const path = pathKeys(tree, node);
    if (pinned?.path.join('.') === path.join('.')) return unpin();
    const box = surfaceRef.current?.boxOf(node);
    const spot = point ?? {
      x: box ? box.x + Math.min(box.width / 2, 80) : 20,
      y: box ? box.y + ROW_HEIGHT / 2 : 20,
    };
    setPointer(null);
    setPinned({ path, ...spot });
    return undefined;
  }
  function unpin(): void {
    setPinned(null);
    scrollerRef.current?.focus({ preventScroll: true });
  }
  function openMenu(node: NodeId, point?: { x: number; y: number }): void {
    const box = surfaceRef.current?.boxOf(node);
    const canvas = canvasRef.current?.getBoundingClientRect();
    setPointer(null);
    setMenu({
      node,
      at: point ?? {
        x: (canvas?.left ?? 0) + (box ? box.x + Math.min(box.width / 2, 40) : 0),
        y: (canvas?.top ?? 0) + (box ? box.y + ROW_HEIGHT : 0),
      },
    });
  }

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

  function onClick(hit: Hit, event: React.PointerEvent): void {
    const surface = surfaceRef.current;
    if (event.altKey || event.ctrlKey || event.metaKey) {
      const node = hit.kind === 'run' ? hit.largest : hit.node;
      onSelect(node);
      pin(node, mouse.current ?? undefined);
      return;
    }
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
    const action = keyAction(event, { tree, selected, zoomed, upright });
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
        if (pinned) unpin();
        else onZoomOut();
        break;
      case 'expand':
        onExpand(action.node);
        break;
      case 'menu':
        openMenu(action.node);
        break;
      case 'frame':
        run(action.id, action.node);
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
    <div className="flame" data-upright={upright}>
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
            if (wasPressed && !wasDrag && hit) onClick(hit, event);
          }}
          onContextMenu={(event) => {
            // Where the pointer is now, not where it was when it last moved.
            const box = event.currentTarget.getBoundingClientRect();
            const hit = surfaceRef.current?.hit(event.clientX - box.left, event.clientY - box.top);
            if (!hit) return;
            event.preventDefault();
            const node = hit.kind === 'run' ? hit.largest : hit.node;
            drag.current = null;
            scrollerRef.current?.focus({ preventScroll: true });
            onSelect(node);
            openMenu(node, { x: event.clientX, y: event.clientY });
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
        <TreeItem
          id={itemId}
          tree={tree}
          node={selected}
          zoomed={zoomed}
          lens={lens}
          normalizer={normalizer}
        />
      </div>
      {pointer && !menu && (
        <Tooltip
          tree={tree}
          hit={pointer.hit}
          x={pointer.x}
          y={pointer.y}
          search={search}
          normalizer={normalizer}
          terms={terms}
          lens={lens}
          canPin
        />
      )}
      <Suspense fallback={null}>
        {pinned && pinnedNode !== undefined && (
          <PinnedDetails
            key={pinned.path.join('.')}
            tree={tree}
            node={pinnedNode}
            x={pinned.x}
            y={pinned.y}
            normalizer={normalizer}
            terms={terms}
            lens={lens}
            handlers={handlers}
            onAction={(id) => run(id, pinnedNode)}
            onMenu={(point) => setMenu({ node: pinnedNode, at: point })}
            onClose={unpin}
          />
        )}
        {menu && (
          <FrameMenu
            tree={tree}
            node={menu.node}
            at={menu.at}
            handlers={handlers}
            onRun={(id) => run(id, menu.node)}
            onExpand={() => onExpand(at(tree.parents, menu.node))}
            onClose={closeMenu}
          />
        )}
      </Suspense>
      <div className="flame-toast" role="status">
        {notice}
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
  readonly normalizer: Normalizer;
}) {
  const { id, tree, node, zoomed, lens, normalizer } = props;
  const siblings = node === 0 ? [0] : childrenOf(tree, at(tree.parents, node));
  const total = at(tree.totals, node);
  const whole = at(tree.totals, 0);
  const text = [
    nodeName(tree, node),
    ...(lens
      ? lens.spoken(tree, node)
      : [
          `total ${formatNormalized(total, tree.unit, normalizer)}, ${formatShare(total, whole)}`,
          `self ${formatNormalized(at(tree.selfs, node), tree.unit, normalizer)}`,
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
