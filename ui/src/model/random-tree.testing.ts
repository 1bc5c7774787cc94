import type { FlameGraphBody, FrameKind } from '../api/types.ts';

/** A small generator with a seed, so that a failing tree can be made again. */
export function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}

interface TreeOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly maxDepth?: number;
}

interface Draft {
  functionIndex: number;
  self: number;
  total: number;
  children: Draft[];
}

/** A tree of the shape of real ones: long chains, skewed splits, depth-first, siblings by total and unique. */
export function randomBody({ seed, nodes, maxDepth = 90 }: TreeOptions): FlameGraphBody {
  const next = random(seed);
  const functionCount = Math.max(20, Math.round(nodes / 20));
  const root: Draft = { functionIndex: -1, self: 0, total: 0, children: [] };
  const drafts: { draft: Draft; depth: number }[] = [{ draft: root, depth: 0 }];
  while (drafts.length < nodes) {
    // Newer nodes are likelier to grow, which makes chains; older ones make bushes.
    const recent = next() < 0.65;
    const index = recent
      ? drafts.length - 1 - Math.floor(next() * Math.min(drafts.length, 4))
      : Math.floor(next() ** 2 * drafts.length);
    const parent = drafts[index];
    if (!parent || parent.depth >= maxDepth) continue;
    const functionIndex = Math.floor(next() ** 1.5 * functionCount);
    if (parent.draft.children.some((child) => child.functionIndex === functionIndex)) continue;
    const draft: Draft = { functionIndex, self: Math.floor(next() ** 4 * 1000), total: 0, children: [] };
    parent.draft.children.push(draft);
    drafts.push({ draft, depth: parent.depth + 1 });
  }
  for (const { draft } of drafts.toReversed()) {
    if (draft.children.length === 0) draft.self += 1;
    draft.total = draft.self + draft.children.reduce((sum, child) => sum + child.total, 0);
    draft.children.sort(
      (left, right) => right.total - left.total || left.functionIndex - right.functionIndex,
    );
  }

  const body: FlameGraphBody = {
    type: 'cpu-time',
    unit: 'nanoseconds',
    kind: 'delta',
    total: root.total,
    samples: 1000,
    profiles: 10,
    from_ms: 0,
    to_ms: 60_000,
    seconds: 60,
    process_seconds: 600,
    calls: null,
    pruned: { nodes: 0, value: 0 },
    strings: [''],
    functions: { name: [], file: [], module: [], line: [], package: [], kind: [] },
    nodes: { parent: [], function: [], self: [], total: [] },
    problems: [],
  };
  for (let index = 0; index < functionCount; index++) {
    body.functions.name.push(body.strings.push(`function_${index}`) - 1);
    body.functions.file.push(body.strings.push(`/app/package_${index % 17}/file_${index % 50}.py`) - 1);
    body.functions.module.push(0);
    body.functions.line.push(index);
    body.functions.package.push(body.strings.push(`package_${index % 17}`) - 1);
    body.functions.kind.push((index % 7) as FrameKind);
  }
  const stack: { draft: Draft; parent: number }[] = [{ draft: root, parent: -1 }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const node = body.nodes.parent.push(top.parent) - 1;
    body.nodes.function.push(top.draft.functionIndex);
    body.nodes.self.push(top.draft.self);
    body.nodes.total.push(top.draft.total);
    for (const child of top.draft.children.toReversed()) stack.push({ draft: child, parent: node });
  }
  return body;
}
