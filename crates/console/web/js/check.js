import { html } from './lib.js';
export const Check = () => html`<h1>Check</h1>`;
