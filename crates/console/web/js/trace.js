import { html } from './lib.js';
export const Trace = () => html`<h1>Trace</h1>`;
