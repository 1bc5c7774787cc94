import { useState } from 'react';

import { useTagKeys, type Scope } from '../../api/queries.ts';
import { formatCompact } from '../../model/format.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import { Icon } from '../../widgets/Icon.tsx';

interface AddFacetProps {
  readonly scope: Scope;
  readonly shown: readonly string[];
  readonly onAdd: (key: string) => void;
}

/** Any tag that profiles in scope have, as a group of the panel. It opens in place: the panel is too slim for a menu. */
export function AddFacet({ scope, shown, onAdd }: AddFacetProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div
      className="add-facet"
      role="presentation"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.preventDefault();
        event.stopPropagation();
        setOpen(false);
      }}
    >
      <button type="button" className="text-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name="plus" />
        Add a tag
      </button>
      {isOpen && (
        <TagChoice
          scope={scope}
          shown={shown}
          onAdd={(key) => {
            onAdd(key);
            setOpen(false);
          }}
        />
      )}
    </div>
  );
}

function TagChoice({ scope, shown, onAdd }: AddFacetProps) {
  const [typed, setTyped] = useState('');
  const tags = useTagKeys(scope, useDebounced(typed.trim(), 120), true);
  const keys = (tags.data?.keys ?? [])
    .map((key, index) => ({ key, count: tags.data?.counts[index] ?? 0 }))
    .filter(({ key }) => !shown.includes(key) && key.toLowerCase().includes(typed.trim().toLowerCase()));
  return (
    <div className="tag-choice">
      <input
        type="search"
        aria-label="Find a tag"
        placeholder="Find a tag"
        value={typed}
        // The panel is opened to type into it.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          const [first] = keys;
          if (event.key === 'Enter' && first) onAdd(first.key);
        }}
      />
      <ul>
        {keys.map(({ key, count }) => (
          <li key={key}>
            <button type="button" className="menu-item" onClick={() => onAdd(key)}>
              <span className="tag-choice-key">{key}</span>
              <span className="muted">{formatCompact(count)}</span>
            </button>
          </li>
        ))}
      </ul>
      {keys.length === 0 && (
        <p className="muted facet-note">{tags.isPending ? 'Asking…' : 'No other tag contains this'}</p>
      )}
      {tags.data?.truncated && <p className="muted facet-note">There are more; type to find them</p>}
    </div>
  );
}
