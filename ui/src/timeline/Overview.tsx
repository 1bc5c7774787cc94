import { useRef } from 'react';

import { clampView, type Timeline, type View } from '../model/timeline.ts';
import { OVERVIEW_HEIGHT } from './surface.ts';

interface OverviewProps {
  readonly timeline: Timeline;
  readonly canvasRef: React.Ref<HTMLCanvasElement>;
  /** The box around what is in view; placed by whoever paints. */
  readonly boxRef: React.Ref<HTMLDivElement>;
  readonly view: () => View;
  readonly onView: (view: View) => void;
}

type Grip = 'left' | 'right' | 'all' | 'new';

/** Grip of an edge, in pixels. */
const EDGE = 7;

/** All of the time at a glance. Dragging moves or resizes what is in view; the keys of the lanes do the same. */
export function Overview({ timeline, canvasRef, boxRef, view, onView }: OverviewProps) {
  const drag = useRef<{ grip: Grip; x: number; view: View } | null>(null);

  function gripAt(x: number, width: number): Grip {
    const { start, length } = view();
    const left = (start / timeline.lengthMs) * width;
    const right = ((start + length) / timeline.lengthMs) * width;
    const isWhole = length >= timeline.lengthMs * 0.9999;
    if (isWhole && x > EDGE && x < width - EDGE) return 'new';
    if (Math.abs(x - left) <= EDGE) return 'left';
    if (Math.abs(x - right) <= EDGE) return 'right';
    return x > left && x < right ? 'all' : 'new';
  }

  function onPointerMove(event: React.PointerEvent<HTMLDivElement>): void {
    const box = event.currentTarget.getBoundingClientRect();
    const x = event.clientX - box.left;
    const held = drag.current;
    if (!held) {
      const grip = gripAt(x, box.width);
      event.currentTarget.dataset['grip'] = grip;
      return;
    }
    const perPixel = timeline.lengthMs / box.width;
    const moved = (x - held.x) * perPixel;
    const { start, length } = held.view;
    const end = start + length;
    const least = perPixel * 3;
    if (held.grip === 'all') onView(clampView(timeline, { start: start + moved, length }));
    else if (held.grip === 'left') {
      const from = Math.min(Math.max(start + moved, 0), end - least);
      onView({ start: from, length: end - from });
    } else if (held.grip === 'right') {
      const to = Math.max(Math.min(end + moved, timeline.lengthMs), start + least);
      onView({ start, length: to - start });
    } else if (Math.abs(x - held.x) > 3) {
      const from = Math.max(Math.min(held.x, x), 0) * perPixel;
      const to = Math.min(Math.max(held.x, x), box.width) * perPixel;
      onView(clampView(timeline, { start: from, length: to - from }));
    }
  }

  return (
    <div
      className="timeline-overview"
      aria-hidden="true"
      style={{ height: OVERVIEW_HEIGHT }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        const box = event.currentTarget.getBoundingClientRect();
        const x = event.clientX - box.left;
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { grip: gripAt(x, box.width), x, view: view() };
      }}
      onPointerMove={onPointerMove}
      onPointerUp={(event) => {
        const held = drag.current;
        drag.current = null;
        const box = event.currentTarget.getBoundingClientRect();
        const x = event.clientX - box.left;
        // A click beside what is in view goes there.
        if (held?.grip === 'new' && Math.abs(x - held.x) <= 3) {
          const { length } = held.view;
          onView(clampView(timeline, { start: (x / box.width) * timeline.lengthMs - length / 2, length }));
        }
      }}
      onPointerCancel={() => (drag.current = null)}
      onDoubleClick={() => onView({ start: 0, length: timeline.lengthMs })}
    >
      <canvas ref={canvasRef} />
      <div className="timeline-overview-box" ref={boxRef} />
    </div>
  );
}
