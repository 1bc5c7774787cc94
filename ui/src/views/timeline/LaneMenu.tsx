import { useEffect, useLayoutEffect, useRef } from 'react';

import { at } from '../../model/call-tree.ts';
import { rowKey, type Timeline } from '../../model/timeline.ts';
import type { Chosen } from '../../timeline/keyboard.ts';
import type { Cursor } from '../../timeline/TimelineGraph.tsx';
import { choicesOf } from './choices.ts';

/** What a right click offers. Arrow keys move, Escape closes. */
export function LaneMenu(props: {
  readonly timeline: Timeline;
  readonly cursor: Cursor;
  /** In the viewport. */
  readonly x: number;
  readonly y: number;
  readonly onChoose: (what: Chosen) => void;
  readonly onClose: () => void;
}) {
  const { timeline, cursor, x, y, onChoose, onClose } = props;
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const menu = ref.current;
    if (!menu) return;
    menu.style.left = `${Math.min(x, innerWidth - menu.offsetWidth - 8)}px`;
    menu.style.top = `${Math.min(y, innerHeight - menu.offsetHeight - 8)}px`;
    menu.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
  }, [x, y]);
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    const onPointerDown = (event: PointerEvent): void => {
      if (event.target instanceof Node && !ref.current?.contains(event.target)) close.current();
    };
    document.addEventListener('pointerdown', onPointerDown);
    return () => document.removeEventListener('pointerdown', onPointerDown);
  }, []);

  const laneId =
    cursor.event === undefined
      ? timeline.lanes.findIndex(
          (_, lane) => rowKey(timeline, { kind: 'lane', lane, isMember: false }) === cursor.row,
        )
      : at(timeline.laneOf, cursor.event);
  const choices = [
    ...choicesOf(timeline, cursor.event, timeline.lanes[laneId]),
    { what: 'view' as const, label: 'what is in view', key: 'v' },
  ];
  return (
    <div
      className="popover-panel lane-menu"
      role="menu"
      tabIndex={-1}
      aria-label="Flame graph of"
      ref={ref}
      onKeyDown={(event) => {
        const items = [...(ref.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
        const index = items.findIndex((item) => item === document.activeElement);
        if (event.key === 'ArrowDown') items[(index + 1) % items.length]?.focus();
        else if (event.key === 'ArrowUp') items[(index - 1 + items.length) % items.length]?.focus();
        else if (event.key === 'Escape' || event.key === 'Tab') onClose();
        else return;
        event.preventDefault();
      }}
    >
      <p className="muted">Flame graph of</p>
      {choices.map(({ what, label, key }) => (
        <button key={what} type="button" role="menuitem" className="menu-item" onClick={() => onChoose(what)}>
          <span>{label}</span>
          <kbd>{key}</kbd>
        </button>
      ))}
    </div>
  );
}
