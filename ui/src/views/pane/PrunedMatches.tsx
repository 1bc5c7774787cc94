import { useMemo } from 'react';

import { useFunctions } from '../../api/sandwich.ts';
import type { SampleQuestion, Scope } from '../../api/queries.ts';
import type { CallTree } from '../../model/call-tree.ts';
import { formatCount, formatShare, plural } from '../../model/format.ts';
import { prunedFunctions } from '../../model/pruned.ts';
import { addTransform, withTransforms, writeKey } from '../../model/transforms.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';

interface PrunedMatchesProps {
  readonly scope: Scope;
  readonly question: SampleQuestion;
  readonly tree: CallTree;
  readonly search: string;
  readonly update: Update;
}

const LIMIT = 100;
const SHOWN = 30;

/** Functions that match the search and that pruning took out of the tree: told, and one click away. */
export function PrunedMatches({ scope, question, tree, search, update }: PrunedMatchesProps) {
  const wanted = search.trim();
  // The server searches plain text, and knows functions, not files or packages.
  const isAsked =
    wanted !== '' &&
    !/^\/.*\/$/.test(wanted) &&
    tree.prunedNodes > 0 &&
    (tree.granularity === 'function' || tree.granularity === 'line');
  const asked = useDebounced(isAsked ? wanted : '', 250);
  const top = useFunctions(scope, question, asked, LIMIT, asked !== '');
  const hidden = useMemo(
    () => (asked !== '' && top.data ? prunedFunctions(tree, top.data) : []),
    [asked, tree, top.data],
  );
  if (!isAsked || hidden.length === 0) return null;
  const count = top.data?.truncated
    ? `${formatCount(hidden.length)} or more matching functions are`
    : `${plural(hidden.length, 'matching function')} ${hidden.length === 1 ? 'is' : 'are'}`;
  return (
    <Popover
      label={`${count} in (other)`}
      className="text-button pruned-matches"
      trigger={
        <>
          {count} in (other)
          <Icon name="chevron-down" />
        </>
      }
    >
      {(close) => (
        <div className="pruned-panel">
          <p className="muted">Too small to send at first. Choose one to see the stacks that have it.</p>
          <ul>
            {hidden.slice(0, SHOWN).map((each) => (
              <li key={writeKey(each)}>
                <button
                  type="button"
                  className="menu-item"
                  title={each.file || each.module}
                  onClick={() => {
                    close();
                    const transform = { kind: 'only', key: writeKey(each) } as const;
                    update(withTransforms(addTransform(question.transforms, transform)));
                  }}
                >
                  <span className="label-name">{each.name}</span>
                  <span className="muted">{formatShare(each.total, top.data?.total ?? 0)}</span>
                </button>
              </li>
            ))}
          </ul>
          {hidden.length > SHOWN && <p className="muted">The largest are shown; type more to find others.</p>}
        </div>
      )}
    </Popover>
  );
}
