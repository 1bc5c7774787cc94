import { useLayoutEffect, useState, type RefObject } from 'react';

interface RowWindow {
  readonly first: number;
  readonly last: number;
  /** Pixels of the rows left out above and below. */
  readonly above: number;
  readonly below: number;
}

const OVERSCAN = 12;

/** Which rows of a long table with rows of one height are worth being in the document. */
export function useRowWindow(
  ref: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): RowWindow {
  const [view, setView] = useState({ top: 0, height: 800 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const update = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    update();
    const observer = new ResizeObserver(update);
    observer.observe(element);
    element.addEventListener('scroll', update, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', update);
    };
  }, [ref]);
  const first = Math.max(0, Math.min(Math.floor(view.top / rowHeight) - OVERSCAN, count));
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  return { first, last, above: first * rowHeight, below: (count - last) * rowHeight };
}
