import { at, nodePackage, nodeSource, OTHER, type CallTree, type NodeId } from '../model/call-tree.ts';
import type { MenuItem } from '../widgets/Menu.tsx';
import { FRAME_ACTIONS, shownKey, type FrameActionId } from './frame-actions.ts';
import type { FrameHandlers } from './frame-handlers.ts';

/** What the flame graph can do without help. */
const OWN: readonly FrameActionId[] = ['zoom', 'pin', 'copy-name', 'copy-stack', 'copy-source'];

export function canRun(
  id: FrameActionId,
  tree: CallTree,
  node: NodeId,
  handlers: FrameHandlers | undefined,
): boolean {
  if (id === 'copy-source') return nodeSource(tree, node) !== '';
  if (id === 'open-source') return handlers?.sourceLink(node) !== undefined;
  return OWN.includes(id) || handlers?.can(id, node) === true;
}

/** The menu of a frame: what makes no sense for it is not in it. */
export function frameMenu(
  tree: CallTree,
  node: NodeId,
  handlers: FrameHandlers | undefined,
  run: (id: FrameActionId) => void,
  expand: () => void,
): MenuItem[] {
  const index = at(tree.functions, node);
  if (index === OTHER)
    return [{ id: 'expand', label: 'Show what it stands for', keys: 'Enter', onSelect: expand }];
  const items: MenuItem[] = [];
  let lastGroup = '';
  for (const action of FRAME_ACTIONS) {
    const { id, key, group } = action;
    if (index < 0 && id !== 'zoom' && id !== 'pin') continue;
    if (!canRun(id, tree, node, handlers)) continue;
    const link = id === 'open-source' ? handlers?.sourceLink(node) : undefined;
    const packageName = nodePackage(tree, node);
    items.push({
      id,
      label:
        id === 'library'
          ? `Collapse ${packageName} into one frame`
          : link
            ? `${action.label} on ${link.site}`
            : action.label,
      ...(key ? { keys: shownKey(key) } : {}),
      ...(lastGroup !== '' && lastGroup !== group ? { startsGroup: true } : {}),
      ...(link ? { href: link.href } : { onSelect: () => run(id) }),
    });
    lastGroup = group;
  }
  return items;
}
