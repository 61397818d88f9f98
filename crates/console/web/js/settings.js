// All other settings of a target group, as keys and values.
import { html, useState } from './lib.js';
import { shown, typed } from './keys.js';

/** What the editor above has already. */
const ABOVE = ['stickiness.enabled', 'stickiness.type', 'stickiness.duration', 'stickiness.cookie', 'stickiness.app_cookie'];

export function Settings({ before, draft, set, disabled }) {
  const [wanted, want] = useState('');
  const [fresh, name] = useState({ key: '', value: '' });
  const keys = [...new Set([...Object.keys(before), ...Object.keys(draft)])].filter((key) => !ABOVE.includes(key)).sort();
  const found = keys.filter((key) => key.includes(wanted.trim().toLowerCase()));
  const add = (event) => {
    event.preventDefault();
    set({ [fresh.key.trim()]: typed(fresh.value, fresh.value === '' ? '' : null) });
    name({ key: '', value: '' });
  };
  return html`<section class="panel settings" aria-labelledby="settings-title">
    <header><h2 id="settings-title" class="grow">All settings</h2>
      <label><span class="hidden-text">Find a setting</span>
        <input type="search" placeholder="Find a key" value=${wanted} onInput=${(event) => want(event.target.value)}/></label></header>
    <table><thead class="hidden-text"><tr><th scope="col">Key</th><th scope="col">Value</th></tr></thead>
      <tbody>${found.map((key) => html`<${Row} key=${key} name=${key} before=${before[key]} draft=${draft[key]} set=${set}
        disabled=${disabled}/>`)}</tbody></table>
    ${
      !disabled &&
      html`<form class="body row" onSubmit=${add}>
      <label class="grow"><span class="hidden-text">Key of another setting</span>
        <input placeholder="another key, such as stickiness.absolute" value=${fresh.key} required
          onInput=${(event) => name({ ...fresh, key: event.target.value })}/></label>
      <label class="grow"><span class="hidden-text">Its value</span>
        <input placeholder="its value" value=${fresh.value} required onInput=${(event) => name({ ...fresh, value: event.target.value })}/></label>
      <button>Add</button></form>`
    }
  </section>`;
}

function Row({ name, before, draft, set, disabled }) {
  const value = draft !== undefined ? draft : before;
  const isChanged = draft !== undefined && JSON.stringify(draft) !== JSON.stringify(before);
  const field = { disabled, 'aria-label': name };
  const editor =
    typeof before === 'boolean'
      ? html`<select ...${field} onChange=${(event) => set({ [name]: event.target.value === 'true' })}>
        ${['true', 'false'].map((word) => html`<option value=${word} selected=${String(value) === word}>${word}</option>`)}</select>`
      : html`<input ...${field} value=${value === null || value === undefined ? '' : shown(value) === '""' ? '' : shown(value)}
        placeholder=${value === null ? 'default' : ''} spellcheck="false" autocomplete="off"
        onInput=${(event) => set({ [name]: event.target.value === '' && before !== '' ? null : typed(event.target.value, before) })}/>`;
  return html`<tr class=${isChanged ? 'changed' : ''}><td><code>${name}</code></td><td>${editor}</td></tr>`;
}
