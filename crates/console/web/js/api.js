// Requests to the admin address. Everything the console knows and does goes through here.
import { now } from './time.js';

/** How long after a key or a click a request still counts as a person's doing, in milliseconds. */
const TOUCH_LASTS = 60_000;
const PATIENCE = 20_000;
/** How long a stream may keep silent, in milliseconds; it says something every two seconds. */
const SILENCE_MAX = 10_000;

let touchedAt = now();
let toldAt = now();
for (const event of ['pointerdown', 'keydown', 'wheel', 'touchstart']) {
  addEventListener(
    event,
    () => {
      touchedAt = now();
      // The stream is no person's doing, so that somebody who only reads has to be told of.
      if (touchedAt - toldAt > TOUCH_LASTS) dispatchEvent(new Event('somebody'));
    },
    { passive: true, capture: true },
  );
}

/** Why a request was not answered as asked. */
export class Refused extends Error {
  constructor(status, code, message, errors = []) {
    super(message);
    Object.assign(this, { status, code, errors });
  }
}

/** Sends a request; gives what came back, its tag and its status. */
export async function ask(method, path, { body, tag } = {}) {
  const headers = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (tag) headers['if-match'] = tag;
  const answer = await send(method, path, headers, AbortSignal.timeout(PATIENCE), body);
  const text = await answer.text();
  return { data: isJson(answer) && text ? JSON.parse(text) : text, tag: answer.headers.get('etag'), status: answer.status };
}

async function send(method, path, headers, signal, body) {
  // A page that nobody touches keeps no session alive.
  const isTouched = now() - touchedAt < TOUCH_LASTS;
  if (isTouched) toldAt = now();
  const answer = await fetch(path, {
    method,
    headers: { 'x-clingfish-console': isTouched ? '1' : 'watch', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
    cache: 'no-store',
    credentials: 'same-origin',
  }).catch(unreachable);
  if (answer.ok) return answer;
  if (answer.status === 401 && path !== '/console/session') dispatchEvent(new Event('signed-out'));
  const text = await answer.text();
  const error = isJson(answer) && text ? (JSON.parse(text).error ?? {}) : {};
  throw new Refused(answer.status, error.code ?? '', error.message ?? (text.trim() || answer.statusText), error.errors);
}

const isJson = (answer) => (answer.headers.get('content-type') ?? '').startsWith('application/json');

function unreachable(error) {
  throw new Refused(0, 'unreachable', `Clingfish does not answer (${error.message}).`);
}

/**
 * Gives the events of a stream, each with its name and its data, until the server ends it, or `controller` is aborted. By `fetch`, since
 * EventSource sends no header by which the server could know our own page.
 */
export async function* events(path, controller) {
  const silent = () => controller.abort(new Error('it keeps silent'));
  let timer = setTimeout(silent, SILENCE_MAX);
  let reader = null;
  let parts = [];
  try {
    const answer = await send('GET', path, { accept: 'text/event-stream' }, controller.signal);
    reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read().catch(unreachable);
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(silent, SILENCE_MAX);
      // A large event comes in many pieces: they are put together once.
      const isEnd = value.includes('\n\n') || (value.startsWith('\n') && parts.at(-1)?.endsWith('\n'));
      parts.push(value);
      if (!isEnd) continue;
      const whole = parts.join('').split('\n\n');
      parts = [whole.pop()];
      yield* whole.map(event);
    }
  } finally {
    clearTimeout(timer);
    reader?.cancel().catch(() => {});
  }
}

function event(text) {
  const lines = text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]);
  const { event: name, data } = Object.fromEntries(lines);
  return { name, data: JSON.parse(data) };
}

export const get = async (path) => (await ask('GET', path)).data;

/** A name as a path has it. */
export const part = (name) => encodeURIComponent(name);
