import { useEffect, useLayoutEffect, useRef, type ReactNode } from 'react';
import { createPortal } from 'react-dom';

import './menu.css';

export interface MenuItem {
  readonly id: string;
  readonly label: ReactNode;
  /** What typing leads to, where the label is not plain text. */
  readonly text?: string;
  /** The key that does the same without the menu. */
  readonly keys?: string;
  /** A line below the label. */
  readonly note?: string;
  readonly isDisabled?: boolean;
  /** A line above it parts it from what comes before. */
  readonly startsGroup?: boolean;
  /** A link, opened in another tab. */
  readonly href?: string;
  readonly onSelect?: () => void;
}

interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  /** Where it opens, in pixels of the window. */
  readonly at: { readonly x: number; readonly y: number };
  /** Shown above the items. */
  readonly heading?: ReactNode;
  /** Focus goes back to where it was, unless what was chosen moved it. */
  readonly onClose: () => void;
}

const MARGIN = 6;

/** A menu as the ARIA authoring practices describe: arrows, Home, End, first letters; Escape and Tab close it. */
export function Menu({ label, items, at, heading, onClose }: MenuProps) {
  const ref = useRef<HTMLDivElement>(null);
  const typed = useRef({ text: '', atMs: 0 });

  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const x = Math.max(MARGIN, Math.min(at.x, innerWidth - element.offsetWidth - MARGIN));
    const y = Math.max(MARGIN, Math.min(at.y, innerHeight - element.offsetHeight - MARGIN));
    element.style.left = `${x}px`;
    element.style.top = `${y}px`;
  }, [at]);

  useEffect(() => {
    const before = document.activeElement;
    entries(ref.current)[0]?.focus();
    return () => {
      if (
        before instanceof HTMLElement &&
        (document.activeElement === document.body || !document.activeElement)
      )
        before.focus();
    };
  }, []);

  useEffect(() => {
    const onPointerDown = (event: PointerEvent): void => {
      if (event.target instanceof Node && !ref.current?.contains(event.target)) onClose();
    };
    // What the menu is about moves away from under it.
    const onElsewhere = (): void => onClose();
    document.addEventListener('pointerdown', onPointerDown, true);
    addEventListener('blur', onElsewhere);
    addEventListener('resize', onElsewhere);
    return () => {
      document.removeEventListener('pointerdown', onPointerDown, true);
      removeEventListener('blur', onElsewhere);
      removeEventListener('resize', onElsewhere);
    };
  }, [onClose]);

  function onKeyDown(event: React.KeyboardEvent): void {
    event.stopPropagation();
    const all = entries(ref.current);
    const current = all.findIndex((entry) => entry === document.activeElement);
    const focus = (index: number): void => {
      event.preventDefault();
      all[(index + all.length) % all.length]?.focus();
    };
    switch (event.key) {
      case 'ArrowDown':
        return focus(current + 1);
      case 'ArrowUp':
        return focus(current < 0 ? all.length - 1 : current - 1);
      case 'Home':
        return focus(0);
      case 'End':
        return focus(all.length - 1);
      case 'Escape':
      case 'Tab':
        event.preventDefault();
        return onClose();
      default: {
        if (event.key.length !== 1 || event.key === ' ' || event.ctrlKey || event.metaKey) return undefined;
        const now = event.timeStamp;
        const text = now - typed.current.atMs < 600 ? typed.current.text + event.key : event.key;
        typed.current = { text: text.toLowerCase(), atMs: now };
        const order = [...all.slice(current + 1), ...all.slice(0, current + 1)];
        const found = order.find((entry) => entry.dataset['text']?.startsWith(typed.current.text));
        found?.focus();
        return undefined;
      }
    }
  }

  return createPortal(
    <div
      ref={ref}
      className="menu"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      onKeyDown={onKeyDown}
      onContextMenu={(event) => event.preventDefault()}
    >
      {heading && (
        <div className="menu-heading" role="presentation">
          {heading}
        </div>
      )}
      {items.map((item) => {
        const text = (item.text ?? (typeof item.label === 'string' ? item.label : '')).toLowerCase();
        const content = (
          <>
            <span className="menu-label">{item.label}</span>
            {item.keys && <kbd aria-hidden="true">{item.keys}</kbd>}
            {item.note && <span className="menu-note">{item.note}</span>}
          </>
        );
        const shared = {
          role: 'menuitem',
          tabIndex: -1,
          className: 'menu-entry',
          'data-text': text,
          'data-group': item.startsGroup,
          'aria-keyshortcuts': item.keys?.replace(/ /g, '+'),
          onPointerMove: (event: React.PointerEvent<HTMLElement>) => event.currentTarget.focus(),
        } as const;
        return item.href !== undefined && !item.isDisabled ? (
          <a key={item.id} {...shared} href={item.href} target="_blank" rel="noreferrer" onClick={onClose}>
            {content}
          </a>
        ) : (
          <button
            key={item.id}
            {...shared}
            type="button"
            aria-disabled={item.isDisabled || undefined}
            onClick={() => {
              if (item.isDisabled) return;
              onClose();
              item.onSelect?.();
            }}
          >
            {content}
          </button>
        );
      })}
    </div>,
    // Within the landmark that it belongs to.
    document.querySelector('main') ?? document.body,
  );
}

function entries(menu: HTMLElement | null): HTMLElement[] {
  return menu ? [...menu.querySelectorAll<HTMLElement>('[role="menuitem"]')] : [];
}
