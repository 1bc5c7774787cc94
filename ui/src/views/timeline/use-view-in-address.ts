import { useCallback, useEffect, useRef, useState } from 'react';

import { decodeWindow, encodeWindow, wholeOf, type Timeline, type View } from '../../model/timeline.ts';
import type { Update } from '../../state/use-view-state.ts';
import type { Place } from '../../timeline/TimelineGraph.tsx';

const SETTLED_MS = 300;

interface ViewInAddress {
  /** Where to go: another one whenever somebody else than the timeline changed the address. */
  readonly place: Place;
  readonly onView: (view: View) => void;
  readonly currentView: () => View;
}

/** What is in view goes into the address once it has settled, and comes back from it when somebody else changed it. */
export function useViewInAddress(timeline: Timeline, inView: string, update: Update): ViewInAddress {
  // What the timeline shows, as it is or soon will be in the address.
  const own = useRef(inView);
  const current = useRef<View | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [seen, setSeen] = useState(inView);
  const [place, setPlace] = useState<Place>(() => ({ window: decodeWindow(inView) }));
  if (inView !== seen) {
    setSeen(inView);
    if (inView !== own.current) setPlace({ window: decodeWindow(inView) });
  }
  useEffect(() => {
    if (inView === own.current) return;
    own.current = inView;
    clearTimeout(timer.current);
  }, [inView]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const onView = useCallback(
    (view: View) => {
      current.current = view;
      const isWhole = view.length >= timeline.lengthMs * 0.9999;
      const start = timeline.fromMs + view.start;
      const text = isWhole ? '' : encodeWindow(start, start + view.length);
      if (text === own.current) return;
      own.current = text;
      clearTimeout(timer.current);
      timer.current = setTimeout(() => update({ inView: text }, { replace: true }), SETTLED_MS);
    },
    [timeline, update],
  );
  const currentView = useCallback(() => current.current ?? wholeOf(timeline), [timeline]);
  return { place, onView, currentView };
}
