import type { CallGraph } from '../../model/call-graph.ts';
import { layOutGraph } from '../../model/graph-layout.ts';

// Eighty nodes take a quarter of a second: beside the page, not in it.
addEventListener('message', (event: MessageEvent<{ id: number; graph: CallGraph }>) => {
  const { id, graph } = event.data;
  postMessage({ id, layout: layOutGraph(graph) });
});
