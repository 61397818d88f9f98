// What a self-test found out, promise by promise.
import { html } from './lib.js';
import { say } from './store.js';
import { Notice } from './parts.js';
import { moment } from './time.js';

const WORDS = { kept: 'kept', broken: 'broken', 'could-not-tell': 'could not tell' };
const TONES = { kept: 'good', broken: 'bad', 'could-not-tell': 'off' };
const SHAPES = {
  // As with targets' states: the shape says what the colour says.
  kept: html`<circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.6 8.3l2.3 2.3 4.4-4.9" fill="none" stroke="var(--panel)" stroke-width="1.8"/>`,
  broken: html`<path d="M8 .8l7.6 13.8H.4z" fill="currentColor"/><path d="M8 5.4v4.2M8 11.2v1.6" stroke="var(--panel)" stroke-width="1.8"/>`,
  'could-not-tell': html`<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="3 2.4"/>`,
};

/** What became of a promise: a shape and a word. */
export const Verdict = ({ outcome, word, isOff }) => html`<span class=${`status ${isOff ? 'off' : (TONES[outcome] ?? 'off')}`}>
  <svg viewBox="0 0 16 16" aria-hidden="true">${SHAPES[outcome]}</svg><span>${word ?? WORDS[outcome] ?? outcome}</span></span>`;

/** One run, from its first line to its report. */
export function Story({ run, cancel }) {
  const { state, report, promises, progress } = run;
  const isRunning = state === 'running';
  return html`<section class="panel" aria-labelledby="report-title"><header>
      <h2 id="report-title">${isRunning ? 'Running' : 'Report'}</h2><span class="muted small">${run.url} on ${run.listener}, ${moment(run.began_at)}, by ${run.who}</span>
      <span class="report-actions">${isRunning && cancel && html`<button onClick=${cancel}>Cancel</button>`}
        ${report && html`<button onClick=${() => copy(report)}>Copy as JSON</button>`}</span></header>
    <div class="body stack">
      <div role="status" aria-live="polite">${isRunning ? html`<p class="running">${progress.at(-1) ?? 'beginning'}…</p>` : html`<${Summary} run=${run}/>`}</div>
      ${
        isRunning &&
        progress.length > 1 &&
        html`<details class="so-far"><summary class="muted small">${progress.length} steps so far</summary>
        <ol>${progress.map((line, at) => html`<li key=${at}>${line}</li>`)}</ol></details>`
      }
      ${report && html`<${Ground} report=${report}/>`}
      ${run.note && !isRunning && html`<p class="muted small">${run.note}</p>`}
    </div>
    ${promises.map((promise) => html`<${Judged} key=${`${run.id}/${promise.promise}`} promise=${promise}/>`)}
  </section>`;
}

function Summary({ run }) {
  const { state, report, error, kept, broken } = run;
  const untold = run.could_not_tell;
  if (state !== 'done') {
    return html`<${Notice} kind=${state === 'failed' ? 'bad' : 'warn'}><strong>${state === 'failed' ? 'Nothing could be found out.' : 'Not finished.'}</strong>
      ${error}</${Notice}>`;
  }
  return html`<p class="verdicts"><${Verdict} outcome="kept" word=${`${kept} kept`}/> <${Verdict} outcome="broken" word=${`${broken} broken`}
    isOff=${broken === 0}/> <${Verdict} outcome="could-not-tell" word=${`${untold} could not tell`}/> <span class="muted">${report.requests} requests</span></p>`;
}

/** On what all verdicts stand. */
const Ground = ({ report }) => html`<dl class="ground">
  <dt>Balancer</dt><dd>${report.balancer}${report.recognised_by && html` <span class="muted">by ${report.recognised_by}</span>`}</dd>
  <dt>Who answers</dt><dd>${report.who ?? html`<span class="muted">nothing tells targets apart</span>`}</dd>
  <dt>Targets</dt><dd>${report.targets.length > 0 ? report.targets.join(', ') : html`<span class="muted">none told apart</span>`}</dd>
  <dt>Comes home</dt><dd>${report.comes_home_by}</dd></dl>`;

function Judged({ promise: { promise, words, outcome, evidence, means, change } }) {
  return html`<details class="promise" open=${outcome === 'broken'}>
    <summary><${Verdict} outcome=${outcome}/><span class="what">${words} <span class="muted small">${promise}</span></span></summary>
    <div>
      ${evidence.length > 0 && html`<ul class="evidence">${evidence.map((line, at) => html`<li key=${at}>${line}</li>`)}</ul>`}
      ${means && html`<p><strong>For users:</strong> ${means}</p>`}
      ${change && html`<p><strong>Change:</strong> ${change}</p>`}
    </div></details>`;
}

async function copy(report) {
  try {
    await navigator.clipboard.writeText(JSON.stringify(report, null, 2));
    say('good', 'The report is copied.');
  } catch (error) {
    say('bad', `The browser does not let it be copied (${error.message}). It is at /v1/checks, too.`);
  }
}
