import { useEffect, useRef, useState } from 'react';

import type { CallGraph } from '../../model/call-graph.ts';
import type { GraphLayout } from '../../model/graph-layout.ts';

export interface Asked {
  readonly graph: CallGraph;
  /** Of the question it answers: a newer answer to the same one is looked at from the same place. */
  readonly key: string;
}

/** A graph and where everything in it is: they belong together, so the earlier ones stay until both are here. */
export interface Drawn extends Asked {
  readonly layout: GraphLayout;
}

export function useLayout(asked: Asked | undefined): { drawn: Drawn | undefined; hasFailed: boolean } {
  const [drawn, setDrawn] = useState<Drawn>();
  const [hasFailed, setFailed] = useState(false);
  const workerRef = useRef<Worker | null>(null);
  useEffect(() => {
    const worker = new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' });
    workerRef.current = worker;
    return () => {
      worker.terminate();
      workerRef.current = null;
    };
  }, []);
  useEffect(() => {
    const worker = workerRef.current;
    if (!asked || !worker) return undefined;
    const id = Math.random();
    const onMessage = (event: MessageEvent<{ id: number; layout: GraphLayout }>): void => {
      if (event.data.id === id) setDrawn({ ...asked, layout: event.data.layout });
    };
    const onError = (): void => setFailed(true);
    worker.addEventListener('message', onMessage);
    worker.addEventListener('error', onError);
    // Workers have no target origin, unlike windows.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    worker.postMessage({ id, graph: asked.graph });
    return () => {
      worker.removeEventListener('message', onMessage);
      worker.removeEventListener('error', onError);
    };
  }, [asked]);
  return { drawn, hasFailed };
}
