import { html } from './lib.js';
export const Events = () => html`<h1>Events</h1>`;
