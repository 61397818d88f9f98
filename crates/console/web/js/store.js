// What the page knows. It listens to /v1/live while somebody can see it, and asks for nothing otherwise.
import { useEffect, useState } from './lib.js';
import { ask, events, get, part } from './api.js';
import { between, merged } from './metrics.js';
import { History } from './history.js';
import { now } from './time.js';

/** How long to wait before asking again for what was not answered: longer each time. */
const AGAIN = [1000, 2000, 4000, 8000, 15_000];
/** A stream that ends sooner is not asked for again at once. */
const SHORT = 2000;
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
/** Ends the stream; none while there is none. */
let stream = null;
let failures = 0;
/** How far the server's clock is behind this page's, and the way of an event at its quickest. */
let lag = Infinity;

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
    schedule(begin, SHORT);
    return;
  }
  look();
}

/** Begins to listen, or ends it if nobody looks. After a change it has asked anew what pages ask for; the rest comes by itself. */
export function look() {
  clearTimeout(timer);
  if (!isInside() || document.hidden || store.paused) close();
  else if (stream) changed({});
  else listen();
}

function close() {
  clearTimeout(timer);
  stream?.abort();
  stream = null;
}

// There is one way to learn what changes, and no other to fall back to: who is refused a stream is told why, and it is tried again.
async function listen() {
  const mine = new AbortController();
  const began = now();
  let wait = 0;
  stream = mine;
  lag = Infinity;
  try {
    for await (const { name, data } of events('/v1/live', mine)) {
      if (stream !== mine) return;
      if (name === 'state') await learn(data, mine);
      if (name === 'sample' && stream === mine) take(data);
    }
    // It was old, or another process answers now.
    if (now() - began < SHORT) wait = SHORT;
  } catch (error) {
    if (stream !== mine) return;
    wait = AGAIN[Math.min(failures, AGAIN.length - 1)];
    failures += 1;
    if (error.status !== 401) changed({ error });
  } finally {
    mine.abort();
    if (stream === mine) {
      stream = null;
      schedule(look, wait);
    }
  }
}

function schedule(what, wait) {
  clearTimeout(timer);
  if (!document.hidden && !store.paused) timer = setTimeout(what, wait);
}

async function learn(state, mine) {
  const config = store.config?.revision === state.revision ? store.config : await configuration(state);
  if (stream === mine) changed({ state, config });
}

function take(event) {
  // By the server's rhythm on this page's clock: events that come late together were not counted together.
  const counted = Date.parse(event.at);
  lag = Math.min(lag, now() - counted);
  const fresh = merged(store.sample, event, counted + lag);
  recent.push(fresh);
  while (recent.length > 2 && fresh.at - recent[1].at >= RATE_OVER) recent.shift();
  // After a pause there is nothing to compare with that is recent.
  if (recent.length > 1 && fresh.at - recent[0].at > 4 * RATE_OVER) recent.splice(0, recent.length - 1);
  const rates = between(recent[0], fresh);
  if (recent.length > 1) store.history.add(fresh, rates, store.config);
  failures = 0;
  changed({ sample: fresh, rates, isFirst: recent.length < 2, error: null, heardAt: now() });
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
  if (store.session) look();
  else if (!document.hidden) begin();
});
addEventListener('signed-out', () => {
  close();
  recent.length = 0;
  changed({ session: { ...store.session, standing: 'signed_out', who: null, role: null }, wasOut: true });
});

// Somebody is here though nothing was asked for: the server hears of it, and tells whether the session has ended meanwhile.
addEventListener('somebody', async () => {
  if (store.session?.standing !== 'signed_in') return;
  const session = await get('/console/session').catch(() => store.session);
  if (session.standing === 'signed_out') dispatchEvent(new Event('signed-out'));
});

/** Signs in or out: what the server says of the visitor counts from now on. */
export async function signIn(proof) {
  const { data } = await ask('POST', '/console/session', { body: proof });
  changed({ session: data, wasOut: false, error: null });
  look();
}

export async function signOut() {
  const { data } = await ask('DELETE', '/console/session');
  close();
  recent.length = 0;
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
