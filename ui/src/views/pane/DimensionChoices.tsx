import { useState } from 'react';

import { CORE_FACETS, useTagKeys } from '../../api/queries.ts';
import { dimensionParts, FRAME_DIMENSIONS } from '../../model/dimension.ts';
import { columnHead } from '../../model/row-choice.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import type { DimensionPickerProps } from './DimensionPicker.tsx';

/** Everything that rows can stand for, in groups, found by typing. */
export function DimensionChoices({ scope, labels, value, hasTags, onPick }: DimensionPickerProps) {
  const [text, setText] = useState('');
  const prefix = useDebounced(text.trim().toLowerCase(), 150);
  const tags = useTagKeys(scope, prefix, hasTags);
  const has = (name: string): boolean => name.toLowerCase().includes(text.trim().toLowerCase());
  const tagKeys = hasTags ? [...new Set([...CORE_FACETS, ...(tags.data?.keys ?? [])])] : [];
  const groups = [
    { title: 'Code', dimensions: [...FRAME_DIMENSIONS] },
    { title: 'Labels of samples', dimensions: (labels?.labels ?? []).map((label) => `label:${label.key}`) },
    { title: 'Tags of profiles', dimensions: tagKeys.map((each) => `tag:${each}`) },
  ].map(({ title, dimensions }) => ({
    title,
    dimensions: dimensions.filter((each) => has(dimensionParts(each).key)),
  }));
  const isEmpty = groups.every(({ dimensions }) => dimensions.length === 0);
  return (
    <div className="dimension-menu">
      <input
        type="text"
        // The panel opens to be typed in.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        aria-label="Find a label or tag"
        placeholder="Find a label or tag"
        value={text}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
      />
      {groups.map(
        ({ title, dimensions }) =>
          dimensions.length > 0 && (
            <section key={title} aria-label={title}>
              <h2>{title}</h2>
              <ul>
                {dimensions.map((dimension) => (
                  <li key={dimension}>
                    <button
                      type="button"
                      className="menu-item"
                      aria-pressed={dimension === value}
                      onClick={() => onPick(dimension)}
                    >
                      {columnHead(dimension)}
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          ),
      )}
      {isEmpty && <p className="muted">No label or tag begins with this.</p>}
    </div>
  );
}
