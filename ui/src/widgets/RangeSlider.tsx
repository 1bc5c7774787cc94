import { useEffect, useRef, useState } from 'react';

import './range-slider.css';

/** `null` where an end is open. */
export interface SliderRange {
  readonly from: number | null;
  readonly to: number | null;
}

interface RangeSliderProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** How many values lie in each of as many equal parts. */
  readonly counts: readonly number[];
  readonly range: SliderRange;
  readonly format: (value: number) => string;
  /** While a handle moves. */
  readonly onMove: (range: SliderRange | null) => void;
  /** When it rests. */
  readonly onRange: (range: SliderRange) => void;
}

type End = 'from' | 'to';

const STEPS = 100;
/** Keys may be pressed in quick succession: only where they end is worth a question to the server. */
const REST_MS = 450;

/** Two handles below a histogram. Each is a slider of its own, as the ARIA authoring practices describe it. */
export function RangeSlider(props: RangeSliderProps) {
  const { label, min, max, counts, range, format, onMove, onRange } = props;
  const trackRef = useRef<HTMLDivElement>(null);
  const [draft, setDraft] = useState<SliderRange | null>(null);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);

  const shown = draft ?? range;
  const clamp = (value: number): number => Math.min(max, Math.max(min, value));
  const from = clamp(shown.from ?? min);
  const to = clamp(shown.to ?? max);
  const share = (value: number): number => ((value - min) / (max - min)) * 100;
  const largest = Math.max(1, ...counts);

  function move(end: End, value: number): SliderRange {
    const step = (max - min) / STEPS;
    const rounded = min + Math.round((clamp(value) - min) / step) * step;
    const next: SliderRange =
      end === 'from'
        ? { from: rounded <= min + step / 2 ? null : Math.min(rounded, to), to: shown.to }
        : { from: shown.from, to: rounded >= max - step / 2 ? null : Math.max(rounded, from) };
    setDraft(next);
    onMove(next);
    return next;
  }
  function rest(next: SliderRange): void {
    clearTimeout(timer.current);
    setDraft(null);
    onMove(null);
    if (next.from !== range.from || next.to !== range.to) onRange(next);
  }
  function valueAt(clientX: number): number {
    const box = trackRef.current?.getBoundingClientRect();
    if (!box || box.width === 0) return min;
    return min + ((clientX - box.left) / box.width) * (max - min);
  }

  function onKeyDown(event: React.KeyboardEvent, end: End): void {
    const value = end === 'from' ? from : to;
    const step = (max - min) / STEPS;
    const target = {
      ArrowLeft: value - step,
      ArrowDown: value - step,
      ArrowRight: value + step,
      ArrowUp: value + step,
      PageDown: value - step * 10,
      PageUp: value + step * 10,
      Home: min,
      End: max,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const next = move(end, target);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => rest(next), REST_MS);
  }

  const handle = (end: End, value: number) => (
    <div
      className="slider-handle"
      role="slider"
      tabIndex={0}
      aria-label={`${label}, ${end === 'from' ? 'at least' : 'at most'}`}
      aria-valuemin={end === 'from' ? min : from}
      aria-valuemax={end === 'from' ? to : max}
      aria-valuenow={value}
      aria-valuetext={format(value)}
      // Where both meet at the far end, the lower one must still be reached.
      style={{ left: `${share(value)}%`, zIndex: end === 'from' && share(value) > 50 ? 1 : 0 }}
      onKeyDown={(event) => onKeyDown(event, end)}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.focus();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) move(end, valueAt(event.clientX));
      }}
      onPointerUp={(event) => {
        event.currentTarget.releasePointerCapture(event.pointerId);
        if (draft) rest(draft);
      }}
      onBlur={() => {
        if (draft) rest(draft);
      }}
    />
  );
  return (
    <div className="range-slider">
      <div className="slider-histogram" aria-hidden="true">
        {counts.map((count, index) => {
          const middle = min + ((index + 0.5) / counts.length) * (max - min);
          return (
            <span
              key={index}
              data-in={middle >= from && middle <= to}
              style={{ height: count === 0 ? 0 : `${Math.max(8, (count / largest) * 100)}%` }}
            />
          );
        })}
      </div>
      <div
        ref={trackRef}
        className="slider-track"
        role="presentation"
        onPointerDown={(event) => {
          const value = valueAt(event.clientX);
          rest(move(Math.abs(value - from) <= Math.abs(value - to) ? 'from' : 'to', value));
        }}
      >
        <span className="slider-fill" style={{ left: `${share(from)}%`, right: `${100 - share(to)}%` }} />
        {handle('from', from)}
        {handle('to', to)}
      </div>
    </div>
  );
}
