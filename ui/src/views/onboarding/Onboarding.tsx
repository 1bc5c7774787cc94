import { useState } from 'react';

import { useSession } from '../../api/queries.ts';
import { LANGUAGES, stepsFor, tokenNote, type Language, type Place } from '../../model/onboarding.ts';
import { CopyButton } from '../../widgets/CopyButton.tsx';
import { Segmented } from '../../widgets/Segmented.tsx';
import { chooseFiles } from '../opened/choose-files.ts';
import { Waiting } from './Waiting.tsx';
import './onboarding.css';

const PLACES: readonly { readonly value: Place; readonly label: string }[] = [
  { value: 'host', label: 'On a host' },
  { value: 'docker', label: 'In Docker' },
];

/** Shown until the first upload comes; whoever shows it looks for that. */
export function Onboarding() {
  const [language, setLanguage] = useState<Language>('python');
  const [place, setPlace] = useState<Place>('host');
  const session = useSession();
  const server = { origin: location.origin, needsToken: session.data?.auth_required ?? false };
  const note = tokenNote(language, place, server);
  return (
    <section className="onboarding" aria-label="Send profiles here">
      <header>
        <h2>Waiting for the first profile</h2>
        <p className="muted">
          Vesta takes what the Datadog profilers send, unchanged. Start a service with one of them and point
          it here.
        </p>
      </header>
      <div className="onboarding-choice">
        <Segmented<Language>
          label="Language"
          value={language}
          options={LANGUAGES.map(([value, label]) => ({ value, label }))}
          onChange={setLanguage}
        />
        {language !== 'file' && (
          <Segmented<Place> label="Where it runs" value={place} options={PLACES} onChange={setPlace} />
        )}
      </div>
      <ol className="onboarding-steps">
        {stepsFor(language, place, server).map((step) => (
          <li key={step.title}>
            <h3>{step.title}</h3>
            <div className="onboarding-code">
              {/* Scrollable regions must be reachable by keyboard. */}
              {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
              <pre tabIndex={0}>{step.code}</pre>
              <CopyButton label={`Copy: ${step.title}`} text={() => step.code} />
            </div>
            {step.note && <p className="muted">{step.note}</p>}
          </li>
        ))}
      </ol>
      {note && <p className="onboarding-warning">{note}</p>}
      <p className="muted">
        Or look at a file first: drop one on this page, or{' '}
        <button type="button" className="text-button" onClick={() => chooseFiles()}>
          open a file
        </button>
        . It is not stored unless you ask for it.
      </p>
      <Waiting address={server.origin} isFile={language === 'file'} />
    </section>
  );
}
