import { useRef, useState, type CSSProperties, type ReactNode } from 'react';

const KEY = 'vesta.timeline-split';
const LEAST = 20;
const MOST = 80;
const STEP = 5;

/** Two parts above each other with an edge to drag. How they share the height belongs to the reader, not to the link. */
export function Split(props: {
  readonly label: string;
  readonly upper: ReactNode;
  /** Without it the upper part has all of the height, and stays what it was when the lower one comes. */
  readonly lower: ReactNode | null;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const [percent, setPercent] = useState(stored);
  function set(next: number): void {
    const kept = Math.min(Math.max(Math.round(next), LEAST), MOST);
    setPercent(kept);
    try {
      localStorage.setItem(KEY, String(kept));
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the view.
    }
  }
  return (
    <div
      className="split"
      ref={ref}
      data-lower={props.lower !== null}
      style={{ '--upper': `${percent}fr`, '--lower': `${100 - percent}fr` } as CSSProperties}
    >
      {props.upper}
      {props.lower !== null && (
        <Edge
          label={props.label}
          percent={percent}
          onPercent={set}
          box={() => ref.current?.getBoundingClientRect()}
        />
      )}
      {props.lower}
    </div>
  );
}

function Edge(props: {
  readonly label: string;
  readonly percent: number;
  readonly onPercent: (percent: number) => void;
  readonly box: () => DOMRect | undefined;
}) {
  const { label, percent, onPercent } = props;
  return (
    // A separator that can be moved is a control; the rule knows only the static one.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className="split-edge"
      role="separator"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      aria-label={label}
      aria-orientation="horizontal"
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      aria-valuenow={percent}
      onKeyDown={(event) => {
        const step = { ArrowUp: -STEP, ArrowDown: STEP }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        onPercent(percent + step);
      }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        const box = props.box();
        if (event.buttons === 1 && box) onPercent(((event.clientY - box.top) / box.height) * 100);
      }}
      onDoubleClick={() => onPercent(50)}
    />
  );
}

function stored(): number {
  try {
    const value = Number(localStorage.getItem(KEY));
    return value >= LEAST && value <= MOST ? value : 50;
  } catch {
    return 50;
  }
}
