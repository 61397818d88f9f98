// Small parts of pages.
import { html, useEffect, useRef } from './lib.js';

const SHAPES = {
  // Each state has a shape of its own, so that colour says nothing that is not said otherwise.
  healthy: () => html`<circle cx="8" cy="8" r="7" fill="currentColor"/>
    <path d="M4.6 8.3l2.3 2.3 4.4-4.9" fill="none" stroke="var(--panel)" stroke-width="1.8"/>`,
  unhealthy: () =>
    html`<path d="M8 .8l7.6 13.8H.4z" fill="currentColor"/><path d="M8 5.4v4.2M8 11.2v1.6" stroke="var(--panel)" stroke-width="1.8"/>`,
  draining: () => html`<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6"/>
    <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor"/>`,
  initial: () => html`<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6"/>
    <circle cx="8" cy="8" r="2" fill="currentColor"/>`,
  unused: () => html`<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6"/>`,
  unavailable: () =>
    html`<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="3 2.4"/>`,
};
const TONES = { healthy: 'good', unhealthy: 'bad', draining: 'warn', initial: 'off', unused: 'off', unavailable: 'off' };

export const tone = (state) => TONES[state] ?? 'off';

/** A target's state, with its shape and its word. Where `quiet`, the word is for those who cannot see the shape. */
export const Status = ({ state, label, quiet }) => html`
  <span class=${`status ${tone(state)}`} title=${state}>
    <svg viewBox="0 0 16 16" aria-hidden="true">${(SHAPES[state] ?? SHAPES.unused)()}</svg>
    ${quiet ? html`<span class="hidden-text">${state}</span>` : html`<span>${label ?? state}</span>`}
  </span>`;

export const Notice = ({ kind = '', children, role }) =>
  html`<div class=${`notice ${kind}`} role=${role}><div class="grow">${children}</div></div>`;

export const Failure = ({ error }) =>
  error &&
  html`
  <${Notice} kind="bad" role="alert">
    ${error.message}
    ${error.errors?.length > 1 && html`<ul>${error.errors.map((one) => html`<li>${one}</li>`)}</ul>`}
  </${Notice}>`;

/** A share as a small bar; its number stands beside it. */
export const Meter = ({ share }) => html`<span class="meter" aria-hidden="true">
  <span style=${{ width: `${Math.min(100, Math.max(0, share * 100))}%` }}></span></span>`;

/** The course of some numbers, without axes. */
export function Spark({ values, label }) {
  const points = values.map((value) => value ?? 0).slice(-90);
  if (points.length < 2) return html`<svg class="spark" aria-hidden="true"></svg>`;
  const top = Math.max(...points, 1e-9);
  const step = 100 / (points.length - 1);
  const path = points
    .map((value, at) => `${at ? 'L' : 'M'}${(at * step).toFixed(2)} ${(19 - (value / top) * 17).toFixed(2)}`)
    .join('');
  return html`<svg class="spark" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label=${label}><path d=${path}/></svg>`;
}

/** A dialog that asks before something is done. Escape and the second button leave all as it is. */
export function Dialog({ title, onClose, onSubmit, action, danger, busy, children, disabled }) {
  const dialog = useRef(null);
  useEffect(() => {
    if (!dialog.current.open) dialog.current.showModal();
  }, []);
  const submit = (event) => {
    event.preventDefault();
    onSubmit();
  };
  return html`
    <dialog ref=${dialog} onClose=${onClose} aria-labelledby="dialog-title">
      <form onSubmit=${submit}>
        <h2 id="dialog-title">${title}</h2>
        ${children}
        <div class="actions">
          <button type="button" onClick=${onClose}>Cancel</button>
          <button type="submit" class=${danger ? 'danger' : 'primary'} disabled=${busy || disabled}>${busy ? 'Working…' : action}</button>
        </div>
      </form>
    </dialog>`;
}

/** Lines of a unified diff. */
export const Diff = ({ text }) => {
  const kind = (line) => ({ '+': 'plus', '-': 'minus', '@': 'at' })[line[0]] ?? '';
  const lines = text.split('\n').filter((line, at, all) => line !== '' || at < all.length - 1);
  return html`<div class="diff mono" tabindex="0" role="region" aria-label="Differences">${lines.map((line) => html`<div
    class=${kind(line)}>${line || ' '}</div>`)}</div>`;
};

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;
