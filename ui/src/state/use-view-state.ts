import { useCallback, useSyncExternalStore } from 'react';

import { decodeUrl, encodeUrl, type ViewState } from './url.ts';

export interface UpdateOptions {
  /** Without a new entry in the history: for what changes while typing. */
  readonly replace?: boolean;
}

export type Update = (patch: Partial<ViewState>, options?: UpdateOptions) => void;

const listeners = new Set<() => void>();
let current: { href: string; state: ViewState } | undefined;

/** The one store of the page is its address. */
export function useViewState(): readonly [ViewState, Update] {
  const state = useSyncExternalStore(subscribe, snapshot);
  const update = useCallback<Update>((patch, options) => {
    const href = encodeUrl({ ...snapshot(), ...patch });
    if (href === location.pathname + location.search) return;
    if (options?.replace) history.replaceState(null, '', href);
    else history.pushState(null, '', href);
    for (const listener of listeners) listener();
  }, []);
  return [state, update];
}

function snapshot(): ViewState {
  const href = location.pathname + location.search;
  if (current?.href !== href) current = { href, state: decodeUrl(location.pathname, location.search) };
  return current.state;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('popstate', listener);
  };
}
