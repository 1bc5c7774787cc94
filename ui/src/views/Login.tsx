import { useState } from 'react';

import { useLogin } from '../api/queries.ts';
import { Logo } from './Logo.tsx';
import './dialogs.css';

export function Login({ mayOnlyWrite }: { readonly mayOnlyWrite: boolean }) {
  const [token, setToken] = useState('');
  const login = useLogin();
  return (
    <main className="login">
      <form
        className="login-card"
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate(token.trim());
        }}
      >
        <Logo />
        <h1>Sign in to Vesta</h1>
        <label htmlFor="token">Token</label>
        <input
          id="token"
          type="password"
          autoComplete="current-password"
          placeholder="vst_…"
          value={token}
          required
          spellCheck={false}
          onChange={(event) => setToken(event.target.value)}
        />
        {login.isError && (
          <p className="error-text" role="alert">
            {login.error.message}
          </p>
        )}
        {mayOnlyWrite && !login.isError && (
          <p className="warning-text" role="alert">
            This token may send profiles, but not read them.
          </p>
        )}
        <button type="submit" className="button primary" disabled={login.isPending}>
          {login.isPending ? 'Signing in…' : 'Sign in'}
        </button>
        <p className="muted">
          Whoever runs this server can make a token: <code>vesta token create --scope read</code>
        </p>
      </form>
    </main>
  );
}
