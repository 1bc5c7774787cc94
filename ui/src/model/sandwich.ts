import type { SandwichBody } from '../api/sandwich.ts';
import type { Granularity } from '../api/types.ts';
import { decodeCallTree, type CallTree } from './call-tree.ts';

export type Side = 'callers' | 'callees';

/** Both trees have the function as their root, and its total. */
export function decodeSandwich(body: SandwichBody, granularity: Granularity): Record<Side, CallTree> {
  const decode = (side: Side): CallTree =>
    decodeCallTree(
      {
        ...body,
        from_ms: 0,
        to_ms: 0,
        pruned: { nodes: body.pruned_nodes, value: 0 },
        nodes: body[side],
      },
      granularity,
    );
  return { callers: decode('callers'), callees: decode('callees') };
}

/** The zoom of one side, kept in the address after the name of the side. */
export function zoomOfSide(zoom: readonly string[], side: Side): readonly string[] {
  return zoom[0] === side ? zoom.slice(1) : [];
}

export function zoomOn(side: Side, path: readonly string[]): readonly string[] {
  return path.length === 0 ? [] : [side, ...path];
}

/** More nodes each time the reader asks what "(other)" stands for. */
export function nodesFor(asked: number): number {
  return [4096, 65_536, 1_000_000][Math.min(asked, 2)] ?? 4096;
}
