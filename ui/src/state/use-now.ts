import { useEffect, useState } from 'react';

/** The current time, moving on every few seconds, for texts such as "5 min ago". */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
