import type { ReactNode } from 'react';

import { Icon } from '../../widgets/Icon.tsx';

/** A part of the panel that can be folded away. */
export function FacetGroup(props: {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  /** How much there is. */
  readonly note?: string;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}) {
  const { title, isOpen, onToggle, note, action, children } = props;
  return (
    <section className="facet" aria-label={title} data-open={isOpen}>
      <header>
        <h3>
          <button type="button" className="facet-toggle" aria-expanded={isOpen} onClick={onToggle}>
            <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
            <span>{title}</span>
          </button>
        </h3>
        {action ?? (note && <span className="muted">{note}</span>)}
      </header>
      {isOpen && children}
    </section>
  );
}
