// What the page knows. It asks every two seconds while somebody can see it, and not at all otherwise.
import { useEffect, useState } from './lib.js';
import { ask, get, part } from './api.js';
import { between, sample } from './metrics.js';
import { History } from './history.js';
import { now } from './time.js';

const EVERY = 2000;
/** Over how long a rate is taken, so that it does not flicker. */
const RATE_OVER = 8000;
/** Groups whose targets' weights are looked up; balance of others takes them as equal. */
const WEIGHED_MAX = 50;

/** Everything that pages show. Parts that change are new objects. */
export const store = {
  session: null,
  state: null,
  config: null,
  sample: null,
  rates: null,
  history: new History(),
  error: null,
  heardAt: 0,
  tick: 0,
  paused: false,
};

const listeners = new Set();
const recent = [];
let timer = null;
let running = false;

export function changed(parts) {
  Object.assign(store, parts);
  store.tick += 1;
  for (const listener of listeners) listener(store.tick);
}

/** Renders anew whenever the page has learned something. */
export function useStore() {
  const [, hear] = useState(0);
  useEffect(() => {
    listeners.add(hear);
    return () => listeners.delete(hear);
  }, []);
  return store;
}

export const mayChange = () => store.session?.role === 'admin';
const isInside = () => ['open', 'signed_in'].includes(store.session?.standing);

/** Finds out who the visitor is, and begins to look if they may. */
export async function begin() {
  try {
    changed({ session: await get('/console/session'), error: null });
  } catch (error) {
    changed({ error });
    schedule(begin);
    return;
  }
  if (isInside()) await look();
}

/** Looks at once; called after changes, too. */
export async function look() {
  if (running || !isInside()) return;
  running = true;
  try {
    const { data: state, tag } = await ask('GET', '/v1/state');
    const text = await get('/metrics');
    const config = store.config?.revision === state.revision ? store.config : await configuration(state);
    take(sample(text, now()), { state, tag, config });
  } catch (error) {
    if (error.status !== 401) changed({ error });
  } finally {
    running = false;
    schedule(look);
  }
}

function schedule(what) {
  clearTimeout(timer);
  if (!document.hidden && !store.paused) timer = setTimeout(what, EVERY);
}

function take(fresh, parts) {
  // Where nothing is sticky there are no sessions, whatever the gauge says.
  for (const { name } of parts.config.groups.filter((group) => group.stickiness === 'off')) {
    for (const target of fresh.groups.get(name)?.targets.values() ?? []) target.sessions = null;
  }
  recent.push(fresh);
  while (recent.length > 2 && fresh.at - recent[1].at >= RATE_OVER) recent.shift();
  // After a pause there is nothing to compare with that is recent.
  if (recent.length > 1 && fresh.at - recent[0].at > 4 * RATE_OVER) recent.splice(0, recent.length - 1);
  const rates = between(recent[0], fresh);
  if (recent.length > 1) store.history.add(fresh, rates, parts.config);
  changed({ ...parts, sample: fresh, rates, isFirst: recent.length < 2, error: null, heardAt: fresh.at });
}

/** What is configured, read anew when the revision is another one. */
async function configuration({ revision }) {
  const [balancers, heads, groups] = await Promise.all(['/v1/load-balancers', '/v1/listeners', '/v1/target-groups'].map(get));
  const whole = (head) => (head.rules > 0 ? get(`/v1/listeners/${part(head.name)}`) : { ...head, rules: [] });
  const weighed = async (group) => {
    const { targets } = await get(`/v1/target-groups/${part(group.name)}/targets`);
    return { ...group, weights: Object.fromEntries(targets.map((target) => [target.id, target.weight])) };
  };
  const list = await Promise.all(heads.listeners.map(whole));
  const [near, far] = [groups.target_groups.slice(0, WEIGHED_MAX), groups.target_groups.slice(WEIGHED_MAX)];
  return {
    revision,
    balancers: balancers.load_balancers,
    listeners: list,
    groups: [...(await Promise.all(near.map(weighed))), ...far],
  };
}

document.addEventListener('visibilitychange', () => {
  clearTimeout(timer);
  if (!document.hidden) (store.session ? look : begin)();
});
addEventListener('signed-out', () => {
  clearTimeout(timer);
  recent.length = 0;
  changed({ session: { ...store.session, standing: 'signed_out', who: null, role: null }, wasOut: true });
});

/** Signs in or out: what the server says of the visitor counts from now on. */
export async function signIn(proof) {
  const { data } = await ask('POST', '/console/session', { body: proof });
  changed({ session: data, wasOut: false, error: null });
  look();
}

export async function signOut() {
  const { data } = await ask('DELETE', '/console/session');
  clearTimeout(timer);
  changed({ session: data, wasOut: false, state: null, config: null, sample: null, rates: null, history: new History() });
}

/** Data that one page needs beside the rest: asked for anew each time that the page learns something. */
export function useAsked(path, { every = true } = {}) {
  const { tick } = useStore();
  const [answer, setAnswer] = useState({ path: null, data: null, tag: null, error: null });
  const key = every ? Math.floor(tick) : store.config?.revision;
  useEffect(() => {
    let isWanted = true;
    ask('GET', path).then(
      ({ data, tag }) => isWanted && setAnswer({ path, data, tag, error: null }),
      (error) =>
        isWanted && error.status !== 401 && setAnswer((old) => ({ ...(old.path === path ? old : { data: null }), path, error })),
    );
    return () => {
      isWanted = false;
    };
  }, [path, key]);
  return answer.path === path ? answer : { data: null, tag: null, error: null };
}

// What pages say to people about what they did.
let toastNumber = 0;
export const toasts = [];

export function say(kind, text, link) {
  const toast = { number: (toastNumber += 1), kind, text, link };
  toasts.push(toast);
  changed({});
  setTimeout(() => dismiss(toast), kind === 'bad' ? 15_000 : 7000);
}

export function dismiss(toast) {
  const at = toasts.indexOf(toast);
  if (at >= 0) toasts.splice(at, 1);
  changed({});
}
