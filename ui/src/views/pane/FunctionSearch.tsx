import { useId, useState } from 'react';

import { useFunctions } from '../../api/sandwich.ts';
import type { SampleQuestion, Scope } from '../../api/queries.ts';
import { formatShare } from '../../model/format.ts';
import { parseKey, writeKey } from '../../model/transforms.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import { Icon } from '../../widgets/Icon.tsx';

interface FunctionSearchProps {
  readonly scope: Scope;
  readonly question: SampleQuestion;
  /** Name, file and module of the chosen function, separated by tabs. */
  readonly value: string;
  readonly onPick: (key: string) => void;
}

const LIMIT = 12;

/** A field that finds functions on the server, by name and file, the largest first. */
export function FunctionSearch({ scope, question, value, onPick }: FunctionSearchProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const listId = useId();
  const isOpen = draft !== null;
  const search = useDebounced(draft?.trim() ?? '', 150);
  const top = useFunctions(scope, question, search, LIMIT, isOpen);
  const { name, file, module } = top.data?.functions ?? { name: [], file: [], module: [] };
  const options = isOpen
    ? name.map((text, index) => ({
        name: text,
        place: file[index] || module[index] || '',
        key: writeKey({ name: text, file: file[index] ?? '', module: module[index] ?? '' }),
        total: top.data?.functions.total[index] ?? 0,
      }))
    : [];
  const current = Math.min(active, options.length - 1);

  function close(): void {
    setDraft(null);
    setActive(0);
  }
  function pick(key: string | undefined): void {
    if (key === undefined) return;
    close();
    onPick(key);
  }
  return (
    <div className="function-search">
      <Icon name="search" />
      <input
        type="text"
        role="combobox"
        aria-label="Function"
        aria-expanded={isOpen}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && current >= 0 ? `${listId}-${current}` : undefined}
        placeholder="Which function"
        spellCheck={false}
        autoComplete="off"
        value={draft ?? parseKey(value).name}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => {
          setDraft(event.target.value);
          setActive(0);
        }}
        onBlur={close}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            if (!isOpen) setDraft('');
            else if (options.length > 0)
              setActive((current + (event.key === 'ArrowDown' ? 1 : -1) + options.length) % options.length);
          } else if (event.key === 'Enter') {
            event.preventDefault();
            pick(options[current]?.key);
          } else if (event.key === 'Escape' && isOpen) {
            event.stopPropagation();
            close();
          }
        }}
      />
      {isOpen && (
        <ul id={listId} className="function-options" role="listbox" aria-label="Functions">
          {options.map((option, index) => (
            <li
              key={option.key}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === current}
              // Before the field loses the focus, which closes the list.
              onPointerDown={(event) => {
                event.preventDefault();
                pick(option.key);
              }}
              onPointerMove={() => setActive(index)}
            >
              <span className="function-option-name">{option.name}</span>
              <span className="muted">{formatShare(option.total, top.data?.total ?? 0)}</span>
              <span className="function-option-place">{option.place}</span>
            </li>
          ))}
          {options.length === 0 && (
            <li
              className="muted function-options-empty"
              role="option"
              aria-selected="false"
              aria-disabled="true"
            >
              {top.isFetching ? 'Looking …' : 'No function matches'}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
