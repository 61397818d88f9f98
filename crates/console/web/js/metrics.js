// Reads Prometheus' text, as far as /metrics writes it, into samples.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const unescape = (text) => text.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));

/** Verdicts of requests whose home was lost though their client did nothing wrong: what stickiness promises not to happen. */
export const BROKEN = ['target_gone', 'target_unhealthy', 'target_draining', 'detour', 'unknown_key', 'unknown_session'];
/** Those that lost it by what was configured, or by what they sent. */
export const ENDED = ['expired_idle', 'expired_absolute', 'forged', 'foreign_group'];
export const HOME = ['hit', 'imported'];
export const FRESH = ['new', 'no_app_cookie'];

/** Calls `each(name, labels, value)` for every line. */
export function read(text, each) {
  for (const line of text.split('\n')) {
    if (line === '' || line[0] === '#') continue;
    const found = LINE.exec(line);
    if (!found) continue;
    const labels = {};
    if (found[2])
      for (const [, key, value] of found[2].matchAll(LABEL)) labels[key] = value.includes('\\') ? unescape(value) : value;
    each(found[1], labels, Number(found[3]));
  }
}

const emptyGroup = () => ({
  verdicts: {},
  classes: {},
  buckets: [],
  count: 0,
  sum: 0,
  created: 0,
  retries: 0,
  failOpen: 0,
  learned: null,
  sent: 0,
  targets: new Map(),
});
const emptyTarget = () => ({
  requests: 0,
  errors: 0,
  connectFailures: 0,
  inFlight: 0,
  share: 1,
  anomalous: false,
  routable: true,
  state: '',
  reason: '',
  address: '',
  sessions: null,
});

const GROUP = 'clingfish_target_group_';
const TARGET = 'clingfish_target_';

/** What the console needs of one answer of /metrics. */
export function sample(text, at) {
  const all = { at, groups: new Map(), process: {}, refused: 0 };
  const group = (name) => all.groups.get(name) ?? all.groups.set(name, emptyGroup()).get(name);
  const target = ({ target_group, target }) => {
    const { targets } = group(target_group);
    return targets.get(target) ?? targets.set(target, emptyTarget()).get(target);
  };
  read(text, (name, labels, value) => {
    if (name.startsWith(GROUP)) readGroup(group(labels.target_group), name.slice(GROUP.length), labels, value);
    else if (name === 'clingfish_learned_sessions') group(labels.target_group).learned = value;
    else if (name.startsWith(TARGET) && labels.target !== undefined)
      readTarget(target(labels), name.slice(TARGET.length), labels, value);
    else if (name === 'clingfish_own_answers_total') all.refused += value;
    else if (Object.keys(labels).length === 0) all.process[name.slice('clingfish_'.length)] = value;
  });
  return all;
}

function readGroup(group, name, labels, value) {
  const add = (table, key) => {
    table[key] = (table[key] ?? 0) + value;
  };
  switch (name) {
    case 'requests_total':
      add(group.verdicts, labels.verdict);
      add(group.classes, labels.class);
      break;
    case 'request_duration_seconds_bucket':
      group.buckets.push([labels.le === '+Inf' ? Infinity : Number(labels.le), value]);
      break;
    case 'request_duration_seconds_count':
      group.count = value;
      break;
    case 'request_duration_seconds_sum':
      group.sum = value;
      break;
    case 'sessions_created_total':
      group.created = value;
      break;
    case 'retries_total':
      group.retries = value;
      break;
    case 'sent_bytes_total':
      group.sent = value;
      break;
    case 'fail_open_requests_total':
      group.failOpen = value;
      break;
  }
}

function readTarget(target, name, labels, value) {
  switch (name) {
    case 'requests_total':
      target.requests = value;
      break;
    case 'responses_5xx_total':
      target.errors = value;
      break;
    case 'connect_failures_total':
      target.connectFailures = value;
      break;
    case 'requests_in_flight':
      target.inFlight = value;
      break;
    case 'share':
      target.share = value;
      break;
    case 'anomalous':
      target.anomalous = value === 1;
      break;
    case 'routable':
      target.routable = value === 1;
      break;
    case 'sessions':
      if (labels.window === undefined || labels.window === 'duration') target.sessions = value;
      break;
    case 'state_info':
      Object.assign(target, { state: labels.state, reason: labels.reason, address: labels.address });
      break;
  }
}

export const sum = (table, keys) => keys.reduce((total, key) => total + (table[key] ?? 0), 0);
const all = (table) => Object.values(table).reduce((total, value) => total + value, 0);

/** What happened between two samples, per second. A counter that went back belongs to another process: all of it is new. */
export function between(before, after) {
  const seconds = Math.max(0.5, (after.at - before.at) / 1000);
  const groups = new Map();
  for (const [name, to] of after.groups) groups.set(name, groupRates(before.groups.get(name) ?? emptyGroup(), to, seconds));
  return { groups, total: total([...groups.values()]), seconds };
}

const since = (from, to, seconds) => (to >= from ? to - from : to) / seconds;

function groupRates(from, to, seconds) {
  const tables = (one, other) =>
    Object.fromEntries(Object.keys(other).map((key) => [key, since(one[key] ?? 0, other[key], seconds)]));
  const verdicts = tables(from.verdicts, to.verdicts);
  const targets = new Map();
  for (const [id, target] of to.targets) {
    const old = from.targets.get(id) ?? target;
    targets.set(id, {
      requests: since(old.requests, target.requests, seconds),
      errors: since(old.errors, target.errors, seconds),
    });
  }
  const known = new Map(from.buckets);
  const buckets = to.buckets.map(([le, value]) => [le, since(known.get(le) ?? 0, value, seconds)]);
  return withShares({
    verdicts,
    classes: tables(from.classes, to.classes),
    buckets,
    created: since(from.created, to.created, seconds),
    retries: since(from.retries, to.retries, seconds),
    targets,
  });
}

/** The numbers that people look at. */
function withShares(rates) {
  const { verdicts, classes } = rates;
  const [home, fresh, broken, ended] = [HOME, FRESH, BROKEN, ENDED].map((kind) => sum(verdicts, kind));
  const requests = all(verdicts);
  return {
    ...rates,
    requests,
    home,
    fresh,
    broken,
    ended,
    off: verdicts.off ?? 0,
    errors: classes['5xx'] ?? 0,
    errorShare: requests > 0 ? (classes['5xx'] ?? 0) / requests : null,
    // Of the requests that had a home, those that were not served by it though nothing was wrong with them.
    breakRate: home + broken > 0 ? broken / (home + broken) : null,
  };
}

/** The busiest target against the average; 1 is perfect. */
export function balance(values) {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.length > 1 && total > 0 ? Math.max(...values) / (total / values.length) : null;
}

function total(groups) {
  const merged = (pick) =>
    groups.reduce((table, group) => {
      for (const [key, value] of Object.entries(pick(group))) table[key] = (table[key] ?? 0) + value;
      return table;
    }, {});
  const buckets = [
    ...groups.reduce((table, group) => {
      for (const [le, value] of group.buckets) table.set(le, (table.get(le) ?? 0) + value);
      return table;
    }, new Map()),
  ];
  return withShares({
    verdicts: merged((group) => group.verdicts),
    classes: merged((group) => group.classes),
    buckets,
    targets: new Map(),
  });
}

/** A quantile of a histogram, interpolated as Prometheus does it; none without requests. */
export function quantile(q, buckets) {
  const last = buckets.at(-1);
  if (!last || last[1] <= 0) return null;
  const wanted = q * last[1];
  let [below, fewer] = [0, 0];
  for (const [le, value] of buckets) {
    if (value >= wanted)
      return le === Infinity ? below : below + (le - below) * ((wanted - fewer) / Math.max(value - fewer, 1e-9));
    [below, fewer] = [le, value];
  }
  return below;
}
