import { html } from './lib.js';
export const Group = () => html`<h1>Group</h1>`;
