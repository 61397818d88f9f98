// What is there before the console opens: signing in, or what it takes to get in.
import { html, useEffect, useRef, useState } from './lib.js';
import { signIn, useStore } from './store.js';
import { Failure, Notice } from './parts.js';

const ADVICE = {
  needs_tls: [
    'This connection can be read on its way',
    html`
    <p>From another machine the console needs TLS, so that nobody else reads what you sign in with. Either give the admin address a certificate:</p>
    <pre tabindex="0">[admin]
tls = { certificate = "admin.pem", key = "admin.key" }</pre>
    <p>or come through a tunnel, and open <code>http://localhost:9080/console/</code>:</p>
    <pre tabindex="0">ssh -L 9080:localhost:9080 THIS-MACHINE</pre>`,
  ],
  needs_credentials: [
    'There is nothing to sign in with yet',
    html`
    <p>Without credentials the console opens on its own machine only. Draw a token there:</p>
    <pre tabindex="0">clingfish token --name me</pre>
    <p>Put the line that it prints among <code>tokens</code> in <code>[admin]</code>, add <code>tls</code> there, and come again.</p>`,
  ],
  proxied: [
    'This came through a proxy',
    html`
    <p>Without credentials the console opens on this machine only, and behind a proxy nobody can tell from where a request comes.
    Add <code>tokens</code> to <code>[admin]</code>, or the proxy to <code>trusted_proxies</code> there.</p>`,
  ],
};

export function Gate({ session }) {
  const advice = ADVICE[session.standing];
  useEffect(() => {
    document.title = 'Sign in · Clingfish';
  }, []);
  return html`<main class="gate"><section class="panel" aria-labelledby="gate-title">
    ${advice ? html`<div class="body"><h1 id="gate-title">${advice[0]}</h1>${advice[1]}</div>` : html`<${SignIn} session=${session}/>`}
  </section></main>`;
}

function SignIn({ session }) {
  const { wasOut } = useStore();
  const [kind, choose] = useState('token');
  const [error, fail] = useState(null);
  const [busy, work] = useState(false);
  const form = useRef(null);
  useEffect(() => form.current.querySelector('input[name]').focus(), [kind]);
  const submit = async (event) => {
    event.preventDefault();
    work(true);
    fail(null);
    try {
      await signIn(Object.fromEntries(new FormData(form.current)));
    } catch (error) {
      fail(error);
      work(false);
    }
  };
  const words = {
    wrong_credentials: 'These are not known here. Look for blanks at their ends, and at the configuration that is in force.',
  };
  const shown = error && { ...error, message: words[error.code] ?? error.message };
  return html`
    <form ref=${form} onSubmit=${submit}>
      <div><h1 id="gate-title">Sign in to Clingfish</h1><p class="muted">${location.host}</p></div>
      ${wasOut && !error && html`<${Notice}>You have been signed out: nobody was here for a while, or what you signed in with no longer counts.</${Notice}>`}
      <${Failure} error=${shown}/>
      ${
        kind === 'token'
          ? html`
        <label class="field" key="token">Admin token<input name="token" type="password" required autocomplete="current-password" spellcheck="false"/>
          <span class="hint">One of <code>tokens</code> in <code>[admin]</code>; <code>clingfish token</code> draws one.</span></label>`
          : html`
        <label class="field" key="id">Access key id<input name="access_key_id" required autocomplete="username" spellcheck="false"/></label>
        <label class="field" key="secret">Secret access key<input name="secret_access_key" type="password" required
          autocomplete="current-password" spellcheck="false"/></label>`
      }
      <button class="primary" disabled=${busy}>${busy ? 'Signing in…' : 'Sign in'}</button>
      <button type="button" class="plain" onClick=${() => {
        fail(null);
        choose(kind === 'token' ? 'key' : 'token');
      }}>
        ${kind === 'token' ? 'Sign in with an access key instead' : 'Sign in with a token instead'}</button>
    </form>`;
}
