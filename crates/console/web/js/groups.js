import { html } from './lib.js';
export const Groups = () => html`<h1>Groups</h1>`;
