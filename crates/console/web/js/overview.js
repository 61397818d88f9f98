// Everything as one picture: who listens, what goes where, and how those are who serve it.
import { html, useEffect, useLayoutEffect, useRef, useState } from './lib.js';
import { useStore } from './store.js';
import { Spark } from './parts.js';
import { GroupCard } from './groupcard.js';
import { cameHome } from './shares.js';
import { quantile } from './metrics.js';
import { count, percent, perSecond, seconds } from './time.js';

export function Overview() {
  const { config, sample, rates, history } = useStore();
  if (!config || !sample) return html`<p class="muted" role="status">Loading…</p>`;
  return html`
    <h1 class="hidden-text">Overview</h1>
    <${Facts} sample=${sample} rates=${rates.total} points=${history.of()}/>
    <${Flow} config=${config} sample=${sample} rates=${rates}/>`;
}

/** Numbers for the whole process. */
function Facts({ sample, rates, points }) {
  const course = (pick) => points.map(pick);
  const targets = [...sample.groups.values()].flatMap((group) => [...group.targets.values()]);
  const of = (state) => targets.filter((target) => target.state === state).length;
  const known = targets.filter((target) => target.sessions !== null);
  const learned = [...sample.groups.values()].reduce((sum, group) => sum + (group.learned ?? 0), 0);
  const sessions = known.length > 0 ? known.reduce((sum, target) => sum + target.sessions, 0) : null;
  const [unhealthy, draining] = [of('unhealthy'), of('draining')];
  return html`<dl class="facts" aria-label="Right now">
    <${Fact} name="Requests" value=${perSecond(rates.requests)} unit="/s" more=${`${count(sample.process.connections_active)} connections`}>
      <${Spark} values=${course((point) => point.requests)} label="Requests per second over the last minutes"/></${Fact}>
    <${Fact} name="Came home" value=${percent(cameHome(rates))} more=${`${perSecond(rates.home)}/s, new ${perSecond(rates.fresh)}/s`}>
      <${Spark} values=${course((point) => point.home)} label="Requests that came home over the last minutes"/></${Fact}>
    <${Fact} name="Affinity break rate" value=${percent(rates.breakRate)} kind=${rates.broken > 0 ? 'warn' : ''}
      more=${rates.broken > 0 ? `${perSecond(rates.broken)}/s lost their home` : 'nobody lost their home'}>
      <${Spark} values=${course((point) => point.breakRate)} label="Affinity break rate over the last minutes"/></${Fact}>
    <${Fact} name="Errors (5xx)" value=${percent(rates.errorShare)} kind=${rates.errorShare > 0.01 ? 'bad' : ''}
      more=${`${perSecond(rates.errors)}/s`}>
      <${Spark} values=${course((point) => point.errors)} label="Errors over the last minutes"/></${Fact}>
    <${Fact} name="Latency, p99" value=${seconds(quantile(0.99, rates.buckets))} more=${`half within ${seconds(quantile(0.5, rates.buckets))}`}>
      <${Spark} values=${course((point) => point.p99)} label="Latency of the slowest percent over the last minutes"/></${Fact}>
    <${Fact} name="Healthy targets" value=${of('healthy')} unit=${`of ${targets.length}`} kind=${unhealthy > 0 ? 'bad' : ''}
      more=${[unhealthy && `${unhealthy} unhealthy`, draining && `${draining} draining`].filter(Boolean).join(', ') || 'none is out'}/>
    ${
      sessions !== null
        ? html`<${Fact} name="Live sessions" value=${count(sessions)} more="on all targets"/>`
        : html`<${Fact} name="Open streams" value=${count(sample.process.session_streams_active)}
          more=${learned > 0 ? `${count(learned)} learned sessions` : 'that hold sessions'}/>`
    }
  </dl>`;
}

const Fact = ({ name, value, unit, more, kind = '', children }) => html`
  <div class="fact"><dt>${name}</dt><dd class=${kind}>${value} ${unit && html`<small>${unit}</small>`}</dd>
    <dd class="more" title=${more}>${more}</dd>${children && html`<dd>${children}</dd>`}</div>`;

/** Listeners and rules on the left, groups with their targets on the right, and lines between them. */
function Flow({ config, sample, rates }) {
  const [lit, light] = useState(null);
  const picture = useRef(null);
  const order = groupsInOrder(config);
  const byName = new Map(config.groups.map((group) => [group.name, group]));
  return html`<div class="flow" ref=${picture}>
    <${Lines} picture=${picture} lit=${lit} sample=${sample} revision=${config.revision}/>
    <div class="side">
      ${config.balancers
        .filter((one) => one.listeners.length > 0 || config.balancers.length > 1)
        .map(
          (balancer) => html`
        <section class="panel" key=${balancer.name} aria-label=${`Load balancer ${balancer.name}`}>
          <header><h2>${balancer.name}</h2><span class="muted small">load balancer</span></header>
          ${config.listeners.filter((listener) => listener.load_balancer === balancer.name).map((listener) => html`<${Listener}
            listener=${listener} light=${light} key=${listener.name}/>`)}
          ${balancer.listeners.length === 0 && html`<p class="empty">No listeners</p>`}
        </section>`,
        )}
    </div>
    <div class="side">
      ${order
        .map((name) => byName.get(name))
        .filter(Boolean)
        .map(
          (group) => html`
        <${GroupCard} key=${group.name} group=${group} sample=${sample.groups.get(group.name)} rates=${rates.groups.get(group.name)}/>`,
        )}
      ${config.groups.length === 0 && html`<section class="panel"><p class="empty">No target groups yet</p></section>`}
    </div>
  </div>`;
}

const forwards = (action) => (action?.type === 'forward' ? action.forward.map((one) => one.target_group) : []);

/** Groups by who uses them first, so that lines cross as little as they can; those that nobody uses last. */
function groupsInOrder({ balancers, listeners, groups }) {
  const order = balancers
    .flatMap((balancer) => listeners.filter((one) => one.load_balancer === balancer.name))
    .flatMap((listener) => [...listener.rules.map((rule) => rule.action), listener.default_action])
    .flatMap(forwards);
  return [...new Set([...order, ...groups.map((group) => group.name)])];
}

function Listener({ listener, light }) {
  return html`<div class="listener">
    <div class="title"><h3>${listener.name}</h3><span class="mono small">${listener.address}</span>
      <span class=${`tag ${listener.protocol === 'HTTPS' ? 'accent' : ''}`}>${listener.protocol}</span></div>
    ${listener.rules.map((rule) => html`<${Rule} key=${rule.priority} priority=${rule.priority} when=${rule.conditions.map(told).join(' and ')}
      action=${rule.action} light=${light}/>`)}
    <${Rule} priority=${listener.rules.length ? 'else' : ''} when=${listener.rules.length ? 'Everything else' : 'Everything'}
      action=${listener.default_action} light=${light}/>
  </div>`;
}

function Rule({ priority, when, action, light }) {
  const to = forwards(action);
  return html`<div class="rule" data-to=${JSON.stringify(to)} onMouseEnter=${() => light(`${priority}${when}`)} onMouseLeave=${() => light(null)}
    data-key=${`${priority}${when}`}>
    <span class="priority">${priority}</span><span class="when">${when}</span>
    <span class="then">${action ? does(action) : '404, until there is something to serve'}</span></div>`;
}

/** A condition in words. */
function told({ field, name, values, regex_values: regexes, pairs }) {
  const words = {
    'host-header': 'host',
    'path-pattern': 'path',
    'http-request-method': 'method',
    'source-ip': 'from',
    'query-string': 'query',
    'http-header': `header ${name}`,
  };
  const wanted = pairs
    ? pairs.map(({ key, value }) => (key ? `${key}=${value}` : value))
    : [...(values ?? []), ...(regexes ?? []).map((regex) => `/${regex}/`)];
  return `${words[field] ?? field} ${wanted.join(' or ')}`;
}

function does(action) {
  if (action.type === 'redirect') return `redirect, ${action.redirect.status}`;
  if (action.type === 'fixed_response') return `answers ${action.fixed_response.status}`;
  const all = action.forward.reduce((sum, one) => sum + one.weight, 0);
  return html`${action.forward.map((one, at) => html`${at > 0 && ', '}<a
    href=${`#/groups/${encodeURIComponent(one.target_group)}`}>${one.target_group}</a>${action.forward.length > 1 && ` ${percent(all > 0 ? one.weight / all : 0)}`}`)}
    ${action.group_stickiness && html` <span class="tag">sticky between groups</span>`}`;
}

/** Lines from each rule to its groups. They are drawn again whenever anything has moved. */
function Lines({ picture, lit, sample, revision }) {
  const [paths, draw] = useState([]);
  const trace = () => {
    const box = picture.current?.getBoundingClientRect();
    if (!box) return;
    const drawn = [];
    for (const rule of picture.current.querySelectorAll('[data-to]')) {
      const from = rule.getBoundingClientRect();
      for (const name of JSON.parse(rule.dataset.to)) {
        const card = picture.current.querySelector(`[data-group="${CSS.escape(name)}"]`)?.getBoundingClientRect();
        if (!card) continue;
        const [x1, y1, x2, y2] = [
          from.right - box.left + 1,
          from.top + from.height / 2 - box.top,
          card.left - box.left,
          card.top + 22 - box.top,
        ];
        const bend = (x2 - x1) / 2;
        drawn.push({ key: rule.dataset.key, name, d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
      }
    }
    draw((old) => (JSON.stringify(old) === JSON.stringify(drawn) ? old : drawn));
  };
  useLayoutEffect(trace, [revision, sample]);
  useEffect(() => {
    const watch = new ResizeObserver(trace);
    watch.observe(picture.current);
    return () => watch.disconnect();
  }, []);
  const isOut = (name) => {
    const targets = [...(sample.groups.get(name)?.targets.values() ?? [])];
    return targets.length === 0 || targets.every((target) => target.state === 'unhealthy');
  };
  return html`<svg class="lines" aria-hidden="true">${paths.map((path) => html`<path key=${path.key + path.name} d=${path.d}
    class=${path.key === lit ? 'lit' : isOut(path.name) ? 'bad' : ''}/>`)}</svg>`;
}
