import { useId, useRef, useState } from 'react';

import './choice-list.css';

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly note?: string;
}

export interface ChoiceGroup {
  readonly label: string;
  readonly choices: readonly Choice[];
}

interface ChoiceListProps {
  readonly label: string;
  readonly groups: readonly ChoiceGroup[];
  readonly chosen: readonly string[];
  readonly onChoose: (value: string) => void;
  /** Several can be chosen, and the list stays. */
  readonly isMulti?: boolean;
  /** Where the choices depend on what is typed, rather than being searched here. */
  readonly typed?: string;
  readonly onType?: (typed: string) => void;
  /** Below the list. */
  readonly note?: string;
}

/** A text to search by and what it finds: the arrows move through the list while the focus stays in the text. */
export function ChoiceList(props: ChoiceListProps) {
  const { label, groups, chosen, onChoose, isMulti = false, onType, note } = props;
  const [ownTyped, setOwnTyped] = useState('');
  const typed = props.typed ?? ownTyped;
  const [active, setActive] = useState(-1);
  const listRef = useRef<HTMLDivElement>(null);
  const id = useId();
  const wanted = typed.trim().toLowerCase();
  const matches = ({ label: text, value }: Choice): boolean =>
    `${text} ${value}`.toLowerCase().includes(wanted);
  const shown = groups
    .map((group) => ({ ...group, choices: group.choices.filter(matches) }))
    .filter((group) => group.choices.length > 0);
  const all = shown.flatMap((group) => group.choices);
  // What is typed is meant: its first match is what Enter takes.
  const current = active >= 0 && active < all.length ? active : wanted !== '' && all.length > 0 ? 0 : -1;

  function move(to: number): void {
    const index = (to + all.length) % all.length;
    setActive(index);
    listRef.current?.querySelectorAll('[role="option"]')[index]?.scrollIntoView({ block: 'nearest' });
  }
  function onKeyDown(event: React.KeyboardEvent): void {
    if (all.length === 0) return;
    const choice = all[current];
    if (event.key === 'ArrowDown') move(current + 1);
    else if (event.key === 'ArrowUp') move(current < 0 ? all.length - 1 : current - 1);
    else if (event.key === 'Enter' && choice) onChoose(choice.value);
    else return;
    event.preventDefault();
  }

  return (
    <div className="choice-list">
      <input
        type="search"
        role="combobox"
        aria-label={label}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={current >= 0 ? `${id}-${current}` : undefined}
        placeholder="Find…"
        autoComplete="off"
        spellCheck={false}
        // It is opened to choose from.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        value={typed}
        onChange={(event) => {
          setOwnTyped(event.target.value);
          onType?.(event.target.value);
          setActive(-1);
        }}
        onKeyDown={onKeyDown}
      />
      <div
        ref={listRef}
        id={`${id}-list`}
        className="choices"
        role="listbox"
        aria-label={label}
        aria-multiselectable={isMulti}
      >
        {shown.map((group) => (
          <div key={group.label} role="group" aria-label={group.label}>
            <div className="choice-heading" aria-hidden="true">
              {group.label}
            </div>
            {group.choices.map((choice) => {
              const index = all.indexOf(choice);
              return (
                <div
                  key={choice.value}
                  id={`${id}-${index}`}
                  className="choice"
                  role="option"
                  tabIndex={-1}
                  aria-selected={chosen.includes(choice.value)}
                  data-active={index === current}
                  onPointerDown={(event) => event.preventDefault()}
                  onClick={() => onChoose(choice.value)}
                  onKeyDown={onKeyDown}
                >
                  <span className="choice-check" aria-hidden="true">
                    {chosen.includes(choice.value) ? '✓' : ''}
                  </span>
                  <span className="choice-label">{choice.label}</span>
                  {choice.note && <span className="choice-note">{choice.note}</span>}
                </div>
              );
            })}
          </div>
        ))}
        {all.length === 0 && (
          <div
            className="choice-empty"
            role="option"
            tabIndex={-1}
            aria-selected="false"
            aria-disabled="true"
          >
            Nothing is called so
          </div>
        )}
      </div>
      {note && <p className="choice-footer">{note}</p>}
    </div>
  );
}
