import { at, nodeName, nodePackage, OTHER, type CallTree, type NodeId } from '../model/call-tree.ts';
import { middleEllipsis } from '../model/format.ts';
import { Menu, type MenuItem } from '../widgets/Menu.tsx';
import { FRAME_ACTIONS, shownKey, type FrameActionId } from './frame-actions.ts';
import { canRun, type FrameHandlers } from './frame-handlers.ts';

interface FrameMenuProps {
  readonly tree: CallTree;
  readonly node: NodeId;
  readonly at: { readonly x: number; readonly y: number };
  readonly handlers: FrameHandlers | undefined;
  readonly onRun: (id: FrameActionId) => void;
  readonly onExpand: () => void;
  readonly onClose: () => void;
}

export function FrameMenu(props: FrameMenuProps) {
  const { tree, node, at: point, handlers, onRun, onExpand, onClose } = props;
  const name = nodeName(tree, node);
  return (
    <Menu
      label={`What to do with ${name}`}
      heading={middleEllipsis(name, 120)}
      at={point}
      items={itemsOf(tree, node, handlers, onRun, onExpand)}
      onClose={onClose}
    />
  );
}

/** What makes no sense for the frame is not in its menu. */
function itemsOf(
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
