// Where the self-check will be run from.
import { html } from './lib.js';
import { useStore } from './store.js';

export function Check() {
  const { config } = useStore();
  const listeners = config?.listeners ?? [];
  const address = (listener) =>
    `${listener.protocol.toLowerCase()}://${listener.address.replace(/^0\.0\.0\.0|^\[::\]/, 'localhost')}/`;
  return html`
    <div class="head"><h1>Check</h1><span class="muted">The test of stickiness that people do by hand, done by a program.</span></div>
    <section class="panel"><div class="body stack">
      <p>It is run from a terminal: fresh clients, clients with cookies, parallel first requests, forged cookies, other sites, and more, against any balancer.</p>
      ${listeners.map((listener) => html`<pre tabindex="0" key=${listener.name}>clingfish check ${address(listener)}</pre>`)}
    </div></section>`;
}
