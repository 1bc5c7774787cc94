import { nodeModule, nodeName, nodeSource, type CallTree, type NodeId } from './call-tree.ts';

const PLACE = /^(.+)\+0x[0-9a-f]+$/;

/** Whether a function is a place in a binary that has no name: `libfoo.so+0x1234` of `/lib/libfoo.so`. */
export function isUnnamed(name: string, source: string, module: string): boolean {
  const base = PLACE.exec(name)?.[1];
  return base !== undefined && source === '' && base === module.slice(module.search(/[^/\\]*$/));
}

/** The same of a frame. Symbols of the binary would name it. */
export function isUnnamedNode(tree: CallTree, node: NodeId): boolean {
  return isUnnamed(nodeName(tree, node), nodeSource(tree, node), nodeModule(tree, node));
}
