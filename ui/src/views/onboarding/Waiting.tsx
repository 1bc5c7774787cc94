import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { get } from '../../api/client.ts';
import { formatCount, plural } from '../../model/format.ts';

/** Uploads come about once a minute: only then is it worth asking what is wrong. */
const PATIENCE_MS = 60_000;

interface StatusCounters {
  readonly counters?: { readonly stored_uploads: number; readonly decode_failures: number };
}

/** That the page looks for uploads, and after a minute without any, where to look for the reason. */
export function Waiting({ address, isFile }: { readonly address: string; readonly isFile: boolean }) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <footer className="onboarding-waiting">
      <p role="status">
        <span className="live-dot" data-on="true" />
        {isFile
          ? 'Looking for uploads every 5 seconds. The page shows them as soon as the first is here.'
          : 'Looking for uploads every 5 seconds. The first comes about a minute after the start of the service, and the page shows it by itself.'}
      </p>
      {isLate && <Hints address={address} />}
    </footer>
  );
}

function Hints({ address }: { readonly address: string }) {
  // The answer that the page looks at anyway; what else is in it tells a refused upload from none at all.
  const status = useQuery({
    queryKey: ['/status'],
    queryFn: ({ signal }) => get<StatusCounters>('/status', [], signal),
  });
  const counters = status.data?.counters;
  return (
    <section aria-label="If nothing comes">
      <h3>Nothing yet?</h3>
      <ul>
        {counters && counters.stored_uploads > 0 ? (
          <li>
            The server took {plural(counters.stored_uploads, 'upload')} since its start
            {counters.decode_failures > 0 &&
              `, ${formatCount(counters.decode_failures)} of them with parts that it cannot read`}
            . Look at a longer range of time.
          </li>
        ) : (
          <li>No upload has reached the server since its start.</li>
        )}
        <li>
          From where the service runs, <code>curl -i {address}/info</code> must answer with status 200. If it
          does not, the address is wrong for that place: a container does not reach the localhost of its host,
          and Vesta listens beyond its own machine only with <code>--listen 0.0.0.0:8378</code>.
        </li>
        <li>
          <code>DD_TRACE_DEBUG=true</code> makes the library say where it sends to and what came back. Status
          401 means that a token is missing.
        </li>
        <li>
          A service that ends within a minute sends what it has on a regular exit, and nothing when it is
          killed. Keep it running, and give it something to do.
        </li>
        <li>
          In programs that start workers, such as gunicorn or PM2, the variables must reach the workers, and
          each of them sends its own profiles.
        </li>
      </ul>
    </section>
  );
}
