import { useCallback, useSyncExternalStore } from 'react';

/** Below it, what stands beside the main part goes into a drawer. As in the style sheets. */
export const NARROW = '(max-width: 960px)';

export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
