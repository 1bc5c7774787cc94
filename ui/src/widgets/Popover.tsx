import { useEffect, useId, useLayoutEffect, useRef, useState, type ReactNode } from 'react';

interface PopoverProps {
  readonly label: string;
  readonly trigger: ReactNode;
  readonly className?: string;
  readonly align?: 'start' | 'end';
  readonly children: (close: () => void) => ReactNode;
}

const MARGIN = 8;
const LEAST_HEIGHT = 180;
const MOST_HEIGHT = 620;

/** A button and the panel it opens. Escape, a click elsewhere or leaving it by Tab closes the panel. */
export function Popover({ label, trigger, className = 'button', align = 'start', children }: PopoverProps) {
  const [isOpen, setOpen] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  const buttonRef = useRef<HTMLButtonElement>(null);
  const panelRef = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!isOpen) return undefined;
    const onPointerDown = (event: PointerEvent): void => {
      if (event.target instanceof Node && !ref.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', onPointerDown);
    return () => document.removeEventListener('pointerdown', onPointerDown);
  }, [isOpen]);

  // Beside its button as far as the window lets it: narrow windows push it back in.
  useLayoutEffect(() => {
    const panel = panelRef.current;
    if (!isOpen || !panel) return undefined;
    const place = (): void => {
      panel.style.translate = '0';
      const { left, right, top } = panel.getBoundingClientRect();
      const shift = Math.max(MARGIN - left, 0) - Math.max(right - innerWidth + MARGIN, 0);
      panel.style.translate = `${shift}px`;
      panel.style.maxHeight = `${Math.min(Math.max(innerHeight - top - MARGIN, LEAST_HEIGHT), MOST_HEIGHT)}px`;
    };
    place();
    const observer = new ResizeObserver(place);
    observer.observe(panel);
    return () => observer.disconnect();
  }, [isOpen]);

  const close = (): void => {
    setOpen(false);
    buttonRef.current?.focus();
  };
  return (
    <div
      className="popover"
      role="presentation"
      ref={ref}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && isOpen) {
          event.stopPropagation();
          close();
        }
      }}
      onBlur={(event) => {
        if (event.relatedTarget instanceof Node && !ref.current?.contains(event.relatedTarget))
          setOpen(false);
      }}
    >
      <button
        type="button"
        ref={buttonRef}
        className={className}
        aria-label={label}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-haspopup="dialog"
        onClick={() => setOpen(!isOpen)}
      >
        {trigger}
      </button>
      {isOpen && (
        <div
          id={id}
          ref={panelRef}
          className="popover-panel"
          data-align={align}
          role="dialog"
          aria-label={label}
        >
          {children(close)}
        </div>
      )}
    </div>
  );
}
